import { ArrowLeft, Trash2 } from "lucide-react";
import { ApiError } from "@/lib/api/error";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { Button } from "@/ui/Button";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { Textarea } from "@/ui/Textarea";
import { useDesigner } from "../designer";
import { type Part, withoutPart } from "../draft/definition";
import type { PlacedProblem } from "../usePlan";
import { AggregationFields } from "./AggregationFields";
import { CalculationFields } from "./CalculationFields";
import { MirrorFields } from "./MirrorFields";
import { PropertyFields } from "./PropertyFields";
import { RelationFields } from "./RelationFields";
import { type PartEditor, usePart } from "./usePart";

const NAMES: Record<Part["kind"], string> = {
  property: "Property",
  relation: "Relation",
  mirror: "Mirror",
  calculation: "Calculation",
  aggregation: "Aggregation",
};

type PartFormProps = { blueprint: BlueprintDefinition; part: Part; problems: readonly PlacedProblem[] };

/** One property or relation: what all have, and what its kind has. */
export function PartForm({ blueprint, part, problems }: PartFormProps) {
  const { change, select, openDialog, canEdit } = useDesigner();
  const editor = usePart(blueprint.identifier, part, problems);
  const back = () => select(blueprint.identifier);
  return (
    <div className="flex flex-col">
      <div className="flex h-10 items-center gap-1 border-line border-b pr-2 pl-2">
        <IconButton icon={ArrowLeft} label={`Back to ${blueprint.title}`} onClick={back} />
        <h3 className="min-w-0 grow truncate">
          <span className="text-muted">{NAMES[part.kind]}</span>{" "}
          <span className="font-semibold">{editor?.text("title") || part.identifier}</span>
        </h3>
        {canEdit && editor && (
          <IconButton
            icon={Trash2}
            label={`Remove the ${NAMES[part.kind].toLowerCase()}`}
            onClick={() => {
              change(blueprint.identifier, `remove ${part.identifier}`, (definition) => withoutPart(definition, part));
              back();
            }}
          />
        )}
      </div>
      {editor ? (
        <fieldset disabled={editor.isReadOnly} className="flex min-w-0 flex-col gap-3.5 p-4">
          {editor.problem("") && (
            <ErrorPanel
              error={new ApiError("INVALID_VALUE", editor.problem("") ?? "")}
              title="This cannot be published yet."
            />
          )}
          <div className="grid grid-cols-2 gap-3">
            <Field label="Title" error={editor.problem("title")}>
              <Input
                value={editor.text("title")}
                maxLength={100}
                placeholder={part.identifier}
                onChange={(event) => editor.set("title", event.target.value || undefined)}
              />
            </Field>
            <Field label="Identifier">
              <span className="flex gap-1.5">
                <Input isMono readOnly value={part.identifier} />
                {canEdit && (
                  <Button
                    size="md"
                    onClick={() => openDialog({ kind: "rename", blueprint: blueprint.identifier, part })}
                  >
                    Rename
                  </Button>
                )}
              </span>
            </Field>
          </div>
          <Field label="Description" error={editor.problem("description")}>
            <Textarea
              rows={1}
              className="min-h-8!"
              value={editor.text("description")}
              onChange={(event) => editor.set("description", event.target.value || undefined)}
            />
          </Field>
          <Fields editor={editor} blueprint={blueprint} />
        </fieldset>
      ) : (
        <p className="p-4 text-muted">
          There is no {NAMES[part.kind].toLowerCase()} "{part.identifier}" in this blueprint.
        </p>
      )}
    </div>
  );
}

function Fields({ editor, blueprint }: { editor: PartEditor; blueprint: BlueprintDefinition }) {
  // A key for each, so that what is half typed in one is not seen in the next.
  const key = `${blueprint.identifier} ${editor.part.identifier}`;
  switch (editor.part.kind) {
    case "property":
      return <PropertyFields key={key} editor={editor} blueprint={blueprint} />;
    case "relation":
      return <RelationFields key={key} editor={editor} />;
    case "mirror":
      return <MirrorFields key={key} editor={editor} blueprint={blueprint} />;
    case "calculation":
      return <CalculationFields key={key} editor={editor} blueprint={blueprint} />;
    case "aggregation":
      return <AggregationFields key={key} editor={editor} blueprint={blueprint} />;
  }
}
