import { Handle, type Node, type NodeProps, Position, useConnection, useStore } from "@xyflow/react";
import { clsx } from "clsx";
import { ChevronDown, ChevronRight } from "lucide-react";
import { memo } from "react";
import { FAR } from "@/graph/far";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { useCanvas } from "./context";
import { type NodeState, type Shape, typeWord } from "./shape";
import { typeIcon } from "./typeIcons";

export type BlueprintNodeData = { shape: Shape; state: NodeState; isDim: boolean; hasConflict: boolean };
export type BlueprintNodeType = Node<BlueprintNodeData, "blueprint">;

/** A blueprint on the canvas: all of it, or icon and title from afar. */
export const BlueprintNode = memo(function BlueprintNode({ id, data, selected }: NodeProps<BlueprintNodeType>) {
  const { shape, state, isDim, hasConflict } = data;
  const { blueprint } = shape;
  const isFar = useStore(FAR);
  const { canEdit } = useCanvas();
  return (
    <div
      className={clsx(
        "group/node relative flex h-full flex-col rounded-lg border bg-surface transition-[border-color,box-shadow] duration-100",
        selected ? "border-accent shadow-[0_0_0_1px_var(--accent)]" : "border-line-strong/80 hover:border-muted/60",
        state === "new" && !selected && "border-ok/70 border-dashed",
        isDim && "opacity-35",
      )}
    >
      <Target />
      {isFar ? (
        <div className="flex h-full items-center gap-2.5 px-3">
          <BlueprintIcon blueprint={blueprint} size="lg" />
          <span className="line-clamp-2 min-w-0 grow font-semibold text-[1.375rem] leading-[1.1]">
            {blueprint.title}
          </span>
          {state !== "same" && (
            <span aria-hidden className={clsx("size-3 shrink-0 rounded-full", state === "new" ? "bg-ok" : "bg-warn")} />
          )}
        </div>
      ) : (
        <>
          <Head id={id} shape={shape} state={state} hasConflict={hasConflict} />
          {shape.isExpanded ? <Rows shape={shape} /> : <Counts shape={shape} />}
        </>
      )}
      <Handle
        type="source"
        position={Position.Right}
        isConnectable={canEdit}
        className={clsx(
          "size-3.5! rounded-full! border-2! border-surface! bg-accent! transition-opacity! duration-100!",
          canEdit ? "opacity-0 group-hover/node:opacity-100" : "pointer-events-none! opacity-0",
          canEdit && selected && "opacity-100",
        )}
      />
    </div>
  );
});

/** Where a relation can be dropped: the whole node, while one is drawn. */
function Target() {
  const isDrawing = useConnection((connection) => connection.inProgress);
  return (
    <Handle
      type="target"
      position={Position.Left}
      isConnectableStart={false}
      className={clsx(
        "opacity-0!",
        isDrawing
          ? "top-0! left-0! z-10 h-full! w-full! translate-x-0! translate-y-0! rounded-lg! border-0!"
          : "pointer-events-none!",
      )}
    />
  );
}

function Head({ id, shape, state, hasConflict }: { id: string; shape: Shape; state: NodeState; hasConflict: boolean }) {
  const { onToggle } = useCanvas();
  const { blueprint, isExpanded } = shape;
  const Chevron = isExpanded ? ChevronDown : ChevronRight;
  return (
    <div className="flex h-11 shrink-0 items-center gap-2 pr-1.5 pl-2">
      <BlueprintIcon blueprint={blueprint} />
      <span className="min-w-0 grow">
        <span className="block truncate font-semibold leading-4">{blueprint.title}</span>
        <span className="block truncate font-mono text-[0.6875rem] text-muted leading-3.5">{blueprint.identifier}</span>
      </span>
      {hasConflict ? (
        <State tone="bad" text="Conflict" />
      ) : (
        state !== "same" && <State tone={state === "new" ? "ok" : "warn"} text={state === "new" ? "New" : "Edited"} />
      )}
      {blueprint.properties.length > 0 && (
        <button
          type="button"
          tabIndex={-1}
          aria-label={isExpanded ? `Collapse ${blueprint.title}` : `Expand ${blueprint.title}`}
          aria-expanded={isExpanded}
          className="nodrag flex size-6 shrink-0 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-fg"
          onClick={(event) => {
            event.stopPropagation();
            onToggle(id);
          }}
        >
          <Chevron aria-hidden className="size-3.5" />
        </button>
      )}
    </div>
  );
}

function State({ tone, text }: { tone: "ok" | "warn" | "bad"; text: string }) {
  const look = { ok: "bg-ok-soft text-ok", warn: "bg-warn-soft text-warn", bad: "bg-bad-soft text-bad" }[tone];
  return <span className={clsx("shrink-0 rounded-sm px-1 font-medium text-[0.6875rem] leading-4", look)}>{text}</span>;
}

function Rows({ shape: { rows, more } }: { shape: Shape }) {
  return (
    <ul className="min-h-0 overflow-hidden border-line border-t pt-1">
      {rows.map((row) => {
        const Icon = typeIcon(row);
        return (
          <li key={row.identifier} className="flex h-5.5 items-center gap-1.5 px-2.5">
            <Icon aria-hidden className={clsx("size-3 shrink-0", row.kind === "own" ? "text-muted" : "text-accent")} />
            <span className="min-w-0 grow truncate text-meta">
              {row.title}
              {row.isRequired && <span className="text-bad"> *</span>}
            </span>
            <span className="shrink-0 text-[0.6875rem] text-muted">{typeWord(row)}</span>
          </li>
        );
      })}
      {more > 0 && <li className="flex h-5.5 items-center px-2.5 pl-7 text-[0.6875rem] text-muted">and {more} more</li>}
    </ul>
  );
}

function Counts({ shape: { blueprint } }: { shape: Shape }) {
  const { properties, relations } = blueprint;
  const words = [
    counted(properties.length, "property", "properties"),
    counted(relations.length, "relation", "relations"),
  ];
  return <p className="-mt-1 truncate px-2.5 pl-11 text-[0.6875rem] text-muted leading-4">{words.join(" · ")}</p>;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
