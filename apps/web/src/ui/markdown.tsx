import { memo, useMemo, useState } from "react";
import { parseMarkdown } from "../lib/markdown.ts";
import type { Block, Inline } from "../lib/markdown.ts";
import { Text } from "./text.tsx";

const FIRST_CHARS = 20_000;

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? text : text.slice(0, FIRST_CHARS);
  const blocks = useMemo(() => parseMarkdown(shown), [shown]);
  return (
    <div className="prose">
      <Blocks blocks={blocks} />
      {shown.length < text.length && (
        <button type="button" className="link-button" onClick={() => setWhole(true)}>
          Show more
        </button>
      )}
    </div>
  );
});

function Blocks({ blocks }: { blocks: readonly Block[] }) {
  return blocks.map((block, at) => <OneBlock key={at} block={block} />);
}

function OneBlock({ block }: { block: Block }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <Inlines nodes={block.children} />
        </p>
      );
    case "heading":
      return (
        <p className={`prose-heading prose-heading-${Math.min(block.level, 3)}`}>
          <Inlines nodes={block.children} />
        </p>
      );
    case "code":
      return (
        <pre
          tabIndex={0}
          role="group"
          aria-label={block.language === "" ? "Code" : `Code, ${block.language}`}
        >
          <code>
            <Text>{block.text}</Text>
          </code>
        </pre>
      );
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.children} />
        </blockquote>
      );
    case "list":
      return <List block={block} />;
    case "table":
      return <Table block={block} />;
    case "rule":
      return <hr />;
  }
}

function List({ block }: { block: Extract<Block, { kind: "list" }> }) {
  const items = block.items.map((item, at) => (
    <li key={at} className={item.checked === null ? undefined : "checked-item"}>
      {item.checked !== null && (
        <span aria-label={item.checked ? "done" : "open"}>{item.checked ? "☑" : "☐"}</span>
      )}
      <Blocks blocks={item.children} />
    </li>
  ));
  return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ block }: { block: Extract<Block, { kind: "table" }> }) {
  return (
    <div className="prose-table" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>
            {block.head.map((cell, at) => (
              <th key={at} scope="col">
                <Inlines nodes={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>
                  <Inlines nodes={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Inlines({ nodes }: { nodes: readonly Inline[] }) {
  return nodes.map((node, at) => <OneInline key={at} node={node} />);
}

function OneInline({ node }: { node: Inline }) {
  switch (node.kind) {
    case "text":
      return <Text>{node.text}</Text>;
    case "code":
      return (
        <code>
          <Text>{node.text}</Text>
        </code>
      );
    case "strong":
      return (
        <strong>
          <Inlines nodes={node.children} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inlines nodes={node.children} />
        </em>
      );
    case "strike":
      return (
        <s>
          <Inlines nodes={node.children} />
        </s>
      );
    case "link":
      return (
        <OutsideLink href={node.href} host={node.host}>
          <Inlines nodes={node.children} />
        </OutsideLink>
      );
  }
}

/** Where a link of the agent leads stands beside it: its words may say anything. */
export function OutsideLink({
  href,
  host,
  children,
}: {
  href: string;
  host: string;
  children: React.ReactNode;
}) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" className="outside">
      {children} <span className="outside-host">{host}</span>
    </a>
  );
}
