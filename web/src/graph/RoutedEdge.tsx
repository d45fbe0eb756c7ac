import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, useInternalNode, useStore } from "@xyflow/react";
import { clsx } from "clsx";
import { memo } from "react";
import { FAR } from "./far";
import type { Route } from "./layout";
import { labelPoint, pathThrough, routeBetween } from "./path";

export type RoutedData = {
  label: string;
  /** It leads to many: told by the arrow's two heads, and in words. */
  isMany: boolean;
  /** Drawn through; otherwise dashed. */
  isRequired: boolean;
  isNew: boolean;
  /** Neither end is what is looked at. */
  isDim: boolean;
  /** As the layout has it; none where an end was moved. */
  route?: Route | undefined;
};
export type RoutedEdgeType = Edge<RoutedData, "routed">;

/** A relation on its own way around the nodes. */
export const RoutedEdge = memo(function RoutedEdge({ id, source, target, data, selected }: EdgeProps<RoutedEdgeType>) {
  const from = useInternalNode(source);
  const to = useInternalNode(target);
  const isFar = useStore(FAR);
  if (!from || !to || !data) return null;
  const boxOf = (node: typeof from) => ({
    ...node.internals.positionAbsolute,
    width: node.measured.width ?? node.width ?? 0,
    height: node.measured.height ?? node.height ?? 0,
  });
  const points = data.route?.points ?? routeBetween(boxOf(from), boxOf(to));
  const label = data.route?.label ?? labelPoint(points);
  const tone = selected ? "accent" : data.isNew ? "ok" : "line";
  const color = { accent: "var(--accent)", ok: "var(--ok)", line: "color-mix(in oklch, var(--muted) 55%, var(--bg))" }[
    tone
  ];
  return (
    <>
      <BaseEdge
        id={id}
        path={pathThrough(points)}
        interactionWidth={16}
        markerEnd={`url(#end-${data.isMany ? "many" : "one"}-${tone})`}
        style={{
          stroke: color,
          strokeWidth: selected ? 2 : isFar ? 2 : 1.25,
          ...(data.isRequired ? {} : { strokeDasharray: isFar ? "8 6" : "5 4" }),
          opacity: data.isDim ? 0.25 : 1,
        }}
      />
      {!isFar && data.label && (
        <EdgeLabelRenderer>
          <span
            className={clsx(
              "nodrag nopan pointer-events-none absolute max-w-40 truncate rounded-sm bg-bg px-1 text-[0.6875rem] leading-[18px]",
              selected ? "font-medium text-accent" : data.isNew ? "text-ok" : "text-muted",
              data.isDim && "opacity-30",
            )}
            style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
          >
            {data.label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

const TONES = [
  ["line", "color-mix(in oklch, var(--muted) 55%, var(--bg))"],
  ["ok", "var(--ok)"],
  ["accent", "var(--accent)"],
] as const;

/** The arrow heads that edges end with; once a canvas. */
export function EdgeEnds() {
  return (
    <svg aria-hidden className="absolute size-0">
      <defs>
        {TONES.flatMap(([tone, color]) => [
          <marker
            key={`one-${tone}`}
            id={`end-one-${tone}`}
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path
              d="M1,1 L9,5 L1,9"
              fill="none"
              stroke={color}
              strokeWidth="1.6"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </marker>,
          <marker
            key={`many-${tone}`}
            id={`end-many-${tone}`}
            viewBox="0 0 16 10"
            refX="15"
            refY="5"
            markerWidth="14.4"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path
              d="M1,1 L9,5 L1,9 M7,1 L15,5 L7,9"
              fill="none"
              stroke={color}
              strokeWidth="1.6"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </marker>,
        ])}
      </defs>
    </svg>
  );
}
