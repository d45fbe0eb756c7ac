import { Panel, useReactFlow } from "@xyflow/react";
import { ChevronsDownUp, ChevronsUpDown, Focus, Maximize, Minus, Network, Plus } from "lucide-react";
import { useMemo } from "react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Combobox } from "@/ui/Combobox";
import { IconButton } from "@/ui/IconButton";
import { useDesigner } from "../designer";
import { folding } from "./place";

type CanvasControlsProps = {
  shown: readonly BlueprintDefinition[];
  areExpanded: boolean;
  hasPins: boolean;
  onLayout: () => void;
};

/** Find, zoom, fold, lay out. */
export function CanvasControls({ shown, areExpanded, hasPins, onLayout }: CanvasControlsProps) {
  const { model, search, onSearch, select } = useDesigner();
  const flow = useReactFlow();
  const options = useMemo(
    () =>
      model.blueprints.map((one) => ({
        value: one.identifier,
        label: one.title,
        hint: one.identifier,
        icon: <BlueprintIcon blueprint={one} size="sm" />,
      })),
    [model],
  );
  const isShown = (identifier: string) => shown.some((one) => one.identifier === identifier);
  const focus = (identifier: string | null) => {
    if (identifier === null) return;
    if (!isShown(identifier)) onSearch({ blueprint: identifier, at: undefined, near: true });
    else {
      select(identifier);
      void flow.fitView({ nodes: [{ id: identifier }], maxZoom: 1, minZoom: 0.7, duration: 200 });
    }
  };
  const bar = "flex items-center gap-px rounded-lg border border-line bg-surface p-0.5";
  return (
    <>
      <Panel position="top-left" className="m-3! w-56">
        <Combobox
          aria-label="Find on the canvas"
          placeholder="Find a blueprint"
          value={null}
          onChange={focus}
          options={options}
        />
      </Panel>
      <Panel position="bottom-left" className="m-3! flex flex-wrap gap-2">
        <div className={bar}>
          <IconButton icon={Minus} label="Zoom out" onClick={() => void flow.zoomOut({ duration: 120 })} />
          <IconButton icon={Plus} label="Zoom in" onClick={() => void flow.zoomIn({ duration: 120 })} />
          <IconButton
            icon={Maximize}
            label="Show all"
            onClick={() => void flow.fitView({ padding: 0.08, maxZoom: 1, duration: 200 })}
          />
        </div>
        <div className={bar}>
          <IconButton
            icon={areExpanded ? ChevronsDownUp : ChevronsUpDown}
            label={areExpanded ? "Collapse all" : "Expand all"}
            onClick={() => folding.set({ areExpanded: !areExpanded, others: [] })}
          />
          <IconButton
            icon={Network}
            label={hasPins ? "Lay out anew; what was moved goes back" : "Lay out anew"}
            onClick={onLayout}
          />
          <IconButton
            icon={Focus}
            label={search.near ? "Show all blueprints" : "Show the chosen one and its neighbours only"}
            isPressed={search.near === true}
            disabledReason={search.blueprint || search.near ? undefined : "Choose a blueprint first."}
            onClick={() => onSearch({ near: search.near ? undefined : true })}
          />
        </div>
      </Panel>
    </>
  );
}
