import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  type EdgeChange,
  MiniMap,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { EdgeEnds, RoutedEdge, type RoutedEdgeType } from "@/graph/RoutedEdge";
import type { JsonObject } from "@/lib/json";
import { useStore } from "@/lib/store";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { hueOf } from "@/ui/hue";
import { useDesigner } from "../designer";
import { BlueprintNode, type BlueprintNodeType } from "./BlueprintNode";
import { CanvasControls } from "./CanvasControls";
import { CanvasNotes } from "./CanvasNotes";
import { Canvas as Context } from "./context";
import { folding, type Placed, pinned, positionsOf, sizeOf } from "./place";
import { type Line, lineId, linesOf, neighboursOf, type Shape, shapeOf, stateOf, visible } from "./shape";
import { useLayout } from "./useLayout";

const NODE_TYPES = { blueprint: BlueprintNode };
const EDGE_TYPES = { routed: RoutedEdge };
/** With so many blueprints nodes show their properties from the beginning. */
const FEW = 14;

export default function BlueprintCanvas() {
  return (
    <ReactFlowProvider>
      <Flow />
    </ReactFlowProvider>
  );
}

function Flow() {
  const { model, server, drafts, conflicts, search, select, openDialog, canEdit, change } = useDesigner();
  const [areAllWanted, setAllWanted] = useState(false);
  const [round, setRound] = useState(0);
  const fold = useStore(folding);
  const pins = useStore(pinned);
  const flow = useReactFlow();

  const near = search.near ? search.blueprint : undefined;
  const { shown, hidden } = useMemo(
    () => visible(model, drafts, { near, areAllWanted }),
    [model, drafts, near, areAllWanted],
  );
  const areExpanded = fold.areExpanded ?? shown.length <= FEW;
  const shapes = useMemo(
    () => shown.map((one) => shapeOf(one, areExpanded !== fold.others.includes(one.identifier))),
    [shown, areExpanded, fold.others],
  );
  const lines = useMemo(() => linesOf(shown, server), [shown, server]);
  const key = JSON.stringify([near ?? null, areAllWanted, areExpanded, fold.others, round]);
  const { placed, isBusy, error } = useLayout(key, shapes, lines);

  const around = useMemo(
    () => (search.blueprint ? neighboursOf(model, search.blueprint) : undefined),
    [model, search.blueprint],
  );
  const [moving, setMoving] = useState<string>();
  const [nodes, setNodes] = useState<BlueprintNodeType[]>([]);
  const edges = useMemo(
    () => (placed ? edgesOf(lines, shapes, placed, pins, moving, search) : []),
    [lines, shapes, placed, pins, moving, search],
  );

  useEffect(() => {
    if (!placed) return;
    const sized = shapes.map(({ blueprint, width, height }) => ({ id: blueprint.identifier, width, height }));
    const positions = positionsOf(placed, pins, sized);
    setNodes((present) => {
      const before = new Map(present.map((node) => [node.id, node]));
      return shapes.map((shape): BlueprintNodeType => {
        const id = shape.blueprint.identifier;
        const state = stateOf(id, drafts);
        const isDim =
          around !== undefined &&
          search.blueprint !== undefined &&
          !around.has(id) &&
          search.near !== true &&
          shapes.length > 30;
        const hasConflict = id in conflicts;
        const old = before.get(id);
        const isSame =
          old?.data.shape === shape &&
          old.data.state === state &&
          old.data.isDim === isDim &&
          old.data.hasConflict === hasConflict;
        const { width, height } = shape;
        return {
          ...old,
          id,
          type: "blueprint",
          position: positions[id] ?? { x: 0, y: 0 },
          data: isSame ? old.data : { shape, state, isDim, hasConflict },
          width,
          height,
          selected: id === search.blueprint,
          ariaLabel: `${shape.blueprint.title}, ${shape.blueprint.properties.length} properties, ${shape.blueprint.relations.length} relations`,
        };
      });
    });
  }, [placed, pins, shapes, drafts, around, search.blueprint, search.near, conflicts]);

  // All of it, or what is around the chosen one, when something else is to be seen.
  const latestAround = useRef(around);
  latestAround.current = around;
  const fitted = useRef<Placed>(undefined);
  useEffect(() => {
    if (nodes.length === 0 || !placed || fitted.current === placed) return;
    fitted.current = placed;
    const chosen = [...(latestAround.current ?? [])].map((id) => ({ id }));
    requestAnimationFrame(() => {
      const all = { padding: 0.08, maxZoom: 1, minZoom: 0.1 };
      void flow.fitView(chosen.length > 0 ? { ...all, nodes: chosen, minZoom: 0.6 } : all);
    });
  }, [nodes, placed, flow]);

  const onNodesChange = useCallback(
    (changes: NodeChange<BlueprintNodeType>[]) => {
      setNodes((present) =>
        applyNodeChanges(
          changes.filter(({ type }) => type !== "select" && type !== "remove"),
          present,
        ),
      );
      for (const one of changes) {
        if (one.type === "select" && one.selected) select(one.id);
        // Moved by the arrow keys; a drag is over when it is over.
        if (one.type === "position" && one.position && one.dragging === false)
          pinned.set({ ...pinned.get(), [one.id]: one.position });
      }
    },
    [select],
  );
  const onEdgesChange = useCallback(
    (changes: EdgeChange<RoutedEdgeType>[]) => {
      for (const one of changes) {
        const line = one.type === "select" && one.selected ? lines.find(({ id }) => id === one.id) : undefined;
        if (line) select(line.source, { kind: "relation", identifier: line.relation });
      }
    },
    [lines, select],
  );
  const onConnect = useCallback(
    ({ source, target }: Connection) => openDialog({ kind: "relation", source, target }),
    [openDialog],
  );
  const context = useMemo(
    () => ({
      canEdit,
      onToggle: (identifier: string) => {
        const { others } = folding.get();
        folding.set({
          areExpanded,
          others: others.includes(identifier) ? others.filter((one) => one !== identifier) : [...others, identifier],
        });
      },
    }),
    [canEdit, areExpanded],
  );

  return (
    <Context value={context}>
      <EdgeEnds />
      <ReactFlow<BlueprintNodeType, RoutedEdgeType>
        aria-label="Blueprints and their relations"
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={onConnect}
        onNodeDragStart={(_, node) => setMoving(node.id)}
        onNodeDragStop={(_, node) => {
          setMoving(undefined);
          pinned.set({ ...pinned.get(), [node.id]: node.position });
        }}
        onNodeClick={(_, node) => select(node.id)}
        onPaneClick={() => select(undefined)}
        onDoubleClick={(event) => {
          const isPane = (event.target as HTMLElement).classList.contains("react-flow__pane");
          if (canEdit && isPane)
            openDialog({
              kind: "blueprint",
              position: flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }),
            });
        }}
        zoomOnDoubleClick={false}
        onEdgesDelete={(gone) => {
          for (const { id } of gone) {
            const line = lines.find((one) => one.id === id);
            if (line) change(line.source, `remove ${id}`, (definition) => removeRelation(definition, line.relation));
          }
        }}
        deleteKeyCode={canEdit ? "Delete" : null}
        onBeforeDelete={async ({ edges }) => ({ nodes: [], edges })}
        nodesConnectable={canEdit}
        connectionRadius={28}
        connectionLineStyle={{ stroke: "var(--accent)", strokeWidth: 1.5 }}
        minZoom={0.08}
        maxZoom={1.6}
        onlyRenderVisibleElements={nodes.length > 60}
        elevateNodesOnSelect
        nodeDragThreshold={3}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} color="var(--line)" />
        <MiniMap
          pannable
          zoomable
          ariaLabel="The whole canvas, small"
          className="canvas-map"
          style={{ width: 168, height: 112 }}
          nodeColor={(node) => `color-mix(in oklch, var(--chart-${hueOf(node.id)}) 45%, var(--surface))`}
          nodeBorderRadius={6}
          maskColor="color-mix(in oklch, var(--bg) 72%, transparent)"
        />
        <CanvasControls
          shown={shown}
          onLayout={() => layOutAnew(setRound)}
          areExpanded={areExpanded}
          hasPins={Object.keys(pins).length > 0}
        />
        <CanvasNotes
          isBusy={isBusy && nodes.length > 0}
          shown={shown.length}
          hidden={hidden}
          onAll={() => setAllWanted(true)}
        />
      </ReactFlow>
      {error !== undefined && (
        <div className="absolute inset-x-4 top-14 z-10 mx-auto max-w-140">
          <ErrorPanel error={error} title="The layout could not be made." />
        </div>
      )}
    </Context>
  );
}

/** Nodes go where the layout has them, also those that were moved. */
function layOutAnew(setRound: (next: (round: number) => number) => void): void {
  pinned.set({});
  setRound((round) => round + 1);
}

function removeRelation(definition: JsonObject, relation: string): JsonObject {
  const { [relation]: _, ...relations } = (definition.relations ?? {}) as JsonObject;
  return { ...definition, relations };
}

function edgesOf(
  lines: readonly Line[],
  shapes: readonly Shape[],
  placed: Placed,
  pins: Readonly<Record<string, unknown>>,
  moving: string | undefined,
  search: { blueprint?: string | undefined; at?: string | undefined },
): RoutedEdgeType[] {
  const sizes = new Map(shapes.map((shape) => [shape.blueprint.identifier, sizeOf(shape)]));
  const stands = (id: string) =>
    !(id in pins) && id !== moving && id in placed.positions && placed.sizes[id] === sizes.get(id);
  const chosen =
    search.blueprint && search.at?.startsWith("/relations/")
      ? lineId(search.blueprint, search.at.slice(11))
      : undefined;
  return lines.map((line): RoutedEdgeType => {
    const { id, source, target, label, isMany, isRequired, isNew } = line;
    const isTouched = search.blueprint === source || search.blueprint === target;
    const route = stands(source) && stands(target) ? placed.routes[id] : undefined;
    const isDim = search.blueprint !== undefined && !isTouched && lines.length > 30;
    const words = [label, isMany ? "many" : "", isRequired ? "required" : ""].filter(Boolean).join(", ");
    return {
      id,
      type: "routed",
      source,
      target,
      selected: id === chosen,
      ariaLabel: `Relation ${words}, from ${source} to ${target}`,
      data: { label, isMany, isRequired, isNew, isDim, route },
    };
  });
}
