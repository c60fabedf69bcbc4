/** Asks once and remembers the answer, but never a failure: the next caller asks again. */
export function once<T>(ask: () => Promise<T>): (how?: "fresh") => Promise<T> {
  let answer: Promise<T> | null = null;
  return (how) => {
    if (answer !== null && how !== "fresh") return answer;
    const asked = ask();
    answer = asked;
    asked.catch(() => {
      if (answer === asked) answer = null;
    });
    return asked;
  };
}
