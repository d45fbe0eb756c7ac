import { lazy, Suspense, useMemo } from "react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asObject } from "@/lib/json";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { Skeleton } from "@/ui/Skeleton";
import { KIND_OPTIONS } from "./AddPart";
import { ChoiceEditor } from "./ChoiceEditor";
import { ITEM_KINDS, KINDS, kindOf, withKind } from "./kinds";
import type { PartEditor } from "./usePart";

const JqEditor = lazy(() => import("@/code-editor/JqEditor"));
const OPTIONS = KIND_OPTIONS.filter(
  ({ value }) =>
    value === "array" || (ITEM_KINDS.some(({ id }) => id === value) && value !== "timer" && value !== "blueprints"),
);

/** A value made of the entity's own by jq. */
export function CalculationFields({ editor, blueprint }: { editor: PartEditor; blueprint: BlueprintDefinition }) {
  const { value, text, set, replace, problem, isReadOnly } = editor;
  const paths = useMemo(
    () => [
      ...blueprint.properties
        .filter(({ kind }) => kind !== "calculation")
        .map(({ identifier, title }) => ({ path: `.properties.${quoted(identifier)}`, title })),
      ...blueprint.relations.map(({ identifier, title }) => ({ path: `.relations.${quoted(identifier)}`, title })),
      ...[
        ".identifier",
        ".title",
        ".team",
        ".blueprint",
        ".createdAt",
        ".updatedAt",
        ".createdBy",
        ".updatedBy",
        ".icon",
      ].map((path) => ({ path, title: "" })),
    ],
    [blueprint],
  );
  return (
    <>
      <Field
        label="Formula"
        isRequired
        error={problem("calculation")}
        hint="jq on the entity: .properties, .relations, .title, .team. It may use mirrors and aggregations, not other calculations."
      >
        <Suspense fallback={<Skeleton className="h-20 w-full" />}>
          <JqEditor
            label="Formula"
            value={text("calculation")}
            paths={paths}
            isReadOnly={isReadOnly}
            onChange={(next) => set("calculation", next)}
          />
        </Suspense>
      </Field>
      <Field label="Makes" error={problem("type") ?? problem("format")}>
        <Combobox
          value={kindOf(value).id}
          options={OPTIONS}
          disabled={isReadOnly}
          onChange={(id) => {
            const next = KINDS.find((one) => one.id === id);
            if (next) replace(withKind(value, next));
          }}
        />
      </Field>
      {kindOf(value).hasChoices && (
        <ChoiceEditor
          holder={{ ...value, enumColors: asObject(value.enumColors ?? value.colors) }}
          isNumber={value.type === "number"}
          problem={problem("enum")}
          isReadOnly={isReadOnly}
          onChange={replace}
        />
      )}
    </>
  );
}

/** A name that jq takes after a dot, quoted where it must be. */
function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}
