import { Upload } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { asText } from "@/lib/json";
import { notify } from "@/lib/notify";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Textarea } from "@/ui/Textarea";
import { useDesigner } from "../designer";
import { type Drafts, withDefinition } from "../draft/drafts";
import { readDefinitions } from "../exchange";

/** Definitions from a file or the clipboard, as drafts: nothing is published. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const { server, model, changeDrafts, select } = useDesigner();
  const [text, setText] = useState("");
  const file = useRef<HTMLInputElement>(null);
  const { definitions, problems } = useMemo(
    () => (text.trim() === "" ? { definitions: [], problems: [] } : readDefinitions(text)),
    [text],
  );
  const identifiers = definitions.map(({ identifier }) => asText(identifier) ?? "");
  const known = identifiers.filter((identifier) => model.get(identifier));
  const take = () => {
    changeDrafts("import", (drafts) =>
      definitions.reduce<Drafts>(
        (all, definition) => withDefinition(server, all, asText(definition.identifier) ?? "", definition),
        drafts,
      ),
    );
    notify(
      definitions.length === 1 ? "One blueprint is a draft now." : `${definitions.length} blueprints are drafts now.`,
    );
    onClose();
    if (identifiers.length === 1) select(identifiers[0]);
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="md"
      title="Import blueprints"
      description="One definition or a list of them, as the JSON tab and the export have them. They become drafts; nothing is published."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" disabled={definitions.length === 0 || problems.length > 0} onClick={take}>
            {definitions.length > 1 ? `Take ${definitions.length} as drafts` : "Take as a draft"}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <div>
          <input
            ref={file}
            type="file"
            accept=".json,application/json"
            className="sr-only"
            tabIndex={-1}
            aria-label="JSON file"
            onChange={(event) => {
              const [chosen] = event.target.files ?? [];
              if (chosen) void chosen.text().then(setText);
              event.target.value = "";
            }}
          />
          <Button icon={Upload} onClick={() => file.current?.click()}>
            Choose a file
          </Button>
        </div>
        <Field label="JSON" error={problems.length > 0 && problems.slice(0, 5).join(" ")}>
          <Textarea
            isMono
            rows={10}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
        {definitions.length > 0 && problems.length === 0 && (
          <p role="status" className="text-meta text-muted">
            {identifiers.join(", ")}
            {known.length > 0 &&
              `. ${known.length === 1 ? `${known[0]} is` : `${known.length} are`} there already: the draft replaces the definition.`}
          </p>
        )}
      </div>
    </Dialog>
  );
}
