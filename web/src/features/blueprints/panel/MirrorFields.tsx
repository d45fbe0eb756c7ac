import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { typeIcon } from "../canvas/typeIcons";
import { useDesigner } from "../designer";
import { joinPath, mirrorable, splitPath, walk } from "../paths";
import { PathPicker } from "./PathPicker";
import type { PartEditor } from "./usePart";

/** Which property of which related entity is shown. */
export function MirrorFields({ editor, blueprint }: { editor: PartEditor; blueprint: BlueprintDefinition }) {
  const { model } = useDesigner();
  const { relations, property } = splitPath(editor.text("path"));
  const { end, isMany } = walk(model, blueprint, relations);
  const options = mirrorable(end).map(({ identifier, title, property }) => {
    const Icon = property && typeIcon(property);
    return {
      value: identifier,
      label: title,
      ...(title === identifier ? {} : { hint: identifier }),
      ...(Icon ? { icon: <Icon aria-hidden className="size-3.5 text-muted" /> } : {}),
    };
  });
  return (
    <>
      <Field
        label="Way"
        error={
          blueprint.relations.length === 0 ? "A mirror follows relations, and this blueprint has none yet." : undefined
        }
      >
        <PathPicker
          from={blueprint}
          relations={relations}
          isReadOnly={editor.isReadOnly}
          onChange={(next) => editor.set("path", joinPath(next, "$title"))}
        />
      </Field>
      <Field
        label={end && relations.length > 0 ? `Property of ${end.title}` : "Property"}
        error={editor.problem("path")}
        hint={isMany ? "A list: a relation on the way leads to many." : undefined}
      >
        <Combobox
          value={property || null}
          options={relations.length > 0 ? options : []}
          disabled={editor.isReadOnly || relations.length === 0}
          onChange={(next) => next !== null && editor.set("path", joinPath(relations, next))}
        />
      </Field>
      <p className="text-meta text-muted">
        Path <code className="font-mono text-fg">{editor.text("path") || "none"}</code>
      </p>
    </>
  );
}
