import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useKeys } from "../../../lib/keys.ts";
import { Icon } from "../../../ui/icon.tsx";

interface VirtualListProps {
  label: string;
  /** A feed holds articles; what is not made of them is a group. */
  role?: "feed" | "group";
  count: number;
  /** Height of an entry before it is measured. */
  estimate: (index: number) => number;
  keyOf: (index: number) => string | number;
  render: (index: number) => ReactNode;
  /** Anything that says the last entry has grown. */
  mark: unknown;
  /** Stays at the end while the reader is there. */
  follow: boolean;
  /** Brought into view, once, when it is set. */
  goTo: number | null;
}

/** Closer to the end than this is at the end: a reader who scrolls back down means to follow again. */
const END_PX = 40;

export function VirtualList(props: VirtualListProps) {
  const { label, role = "group", count, estimate, keyOf, render, mark, follow, goTo } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(follow && goTo === null);
  const list = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: estimate,
    getItemKey: keyOf,
    overscan: 8,
  });
  const size = list.getTotalSize();
  const grown = useGrowth(count);
  useLayoutEffect(() => {
    const box = scroller.current;
    // What comes with the end of a run is followed too; afterwards the list is the reader's.
    if (atEnd && (follow || grown()) && box !== null) box.scrollTop = box.scrollHeight;
  }, [atEnd, follow, count, mark, size]);
  useEffect(() => {
    if (goTo === null || goTo >= count) return;
    setAtEnd(false);
    list.scrollToIndex(goTo, { align: "center" });
    // Once for each place: the reader may scroll away from it.
  }, [goTo, goTo !== null && goTo < count]);
  useKeys({ f: () => setAtEnd(true) });
  return (
    <div className="virtual">
      <div
        ref={scroller}
        className="virtual-scroller"
        role={role}
        aria-label={label}
        tabIndex={0}
        onScroll={(event) => setAtEnd(stillAtEnd(event.currentTarget, atEnd))}
        onWheel={(event) => event.deltaY < 0 && setAtEnd(false)}
      >
        <div className="virtual-space" style={{ blockSize: `${size}px` }}>
          {list.getVirtualItems().map((item) => (
            <div
              key={item.key}
              ref={list.measureElement}
              data-index={item.index}
              className="virtual-item"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {render(item.index)}
            </div>
          ))}
        </div>
      </div>
      {follow && !atEnd && (
        <button type="button" className="to-end" onClick={() => setAtEnd(true)}>
          <Icon name="down" size={14} /> Follow
        </button>
      )}
    </div>
  );
}

/** Entries are measured after they came, which changes the height again. */
const SETTLED_MS = 1_000;

/** Whether entries have come just now. What is there at first has not. */
function useGrowth(count: number): () => boolean {
  const last = useRef({ count, at: -SETTLED_MS });
  if (last.current.count !== count) last.current = { count, at: performance.now() };
  return () => performance.now() - last.current.at < SETTLED_MS;
}

const tops = new WeakMap<Element, number>();

/** Moving up is the reader's; moving down to the end is too. What grows below moves nothing. */
function stillAtEnd(box: HTMLElement, was: boolean): boolean {
  const before = tops.get(box) ?? 0;
  tops.set(box, box.scrollTop);
  const gap = box.scrollHeight - box.clientHeight - box.scrollTop;
  if (gap < END_PX) return true;
  return was && box.scrollTop >= before;
}
