/** A pull request as the fake hosts keep it. */
export interface FakePull {
  readonly number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  readonly head: { readonly branch: string; readonly repository: string | null };
  base: string;
  /** The patch of each file, as `git diff` prints it from the first `@@` on. */
  readonly files: Map<string, string>;
  readonly reviews: { readonly id: number; readonly body: string; readonly comments: readonly object[] }[];
}

export interface FakeRepository {
  readonly path: string;
  readonly id: number;
  defaultBranch: string;
  /** Each with its newest commit. */
  readonly branches: Map<string, string>;
  readonly pulls: FakePull[];
  /** Seen only with a token. */
  isPrivate: boolean;
  /** The name it had before. */
  oldPath: string | null;
}

export function fakeRepository(path: string, id: number): FakeRepository {
  return {
    path,
    id,
    defaultBranch: "main",
    branches: new Map([["main", "c0"]]),
    pulls: [],
    isPrivate: false,
    oldPath: null,
  };
}

export function addPull(
  repository: FakeRepository,
  pull: Pick<FakePull, "head" | "base"> & Partial<Pick<FakePull, "title" | "body" | "files">>,
): FakePull {
  const { title = "", body = "", files = new Map(), head, base } = pull;
  const made: FakePull = {
    number: repository.pulls.length + 1,
    title,
    body,
    state: "open",
    head,
    base,
    files,
    reviews: [],
  };
  repository.pulls.push(made);
  return made;
}

export function openPull(repository: FakeRepository, head: string, base: string): FakePull | undefined {
  return repository.pulls.find(
    (pull) =>
      pull.state === "open" &&
      pull.base === base &&
      pull.head.branch === head &&
      pull.head.repository === repository.path,
  );
}
