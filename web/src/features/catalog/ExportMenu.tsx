import { Braces, Download, Sheet } from "lucide-react";
import { useState } from "react";
import { download } from "@/lib/api/download";
import { notifyFailure } from "@/lib/notify";
import type { Group } from "@/rules/rule";
import { IconButton } from "@/ui/IconButton";
import { Menu, MenuItem, MenuLabel } from "@/ui/Menu";

/** All rows that match, as a file. */
export function ExportMenu({ blueprint, rules }: { blueprint: string; rules: Group | undefined }) {
  const [isBusy, setBusy] = useState(false);
  const save = (ending: "csv" | "ndjson") => {
    const query = rules ? `?rules=${encodeURIComponent(JSON.stringify(rules))}` : "";
    setBusy(true);
    download(`/api/blueprints/${encodeURIComponent(blueprint)}/entities.${ending}${query}`, `${blueprint}.${ending}`)
      .catch((error) => notifyFailure(error, "The export failed"))
      .finally(() => setBusy(false));
  };
  return (
    <Menu
      trigger={
        <IconButton
          icon={Download}
          label={isBusy ? "Exporting…" : "Export"}
          aria-busy={isBusy}
          className="border border-line-strong/80"
        />
      }
    >
      <MenuLabel>{rules ? "All rows that match" : "All rows"}</MenuLabel>
      <MenuItem icon={Sheet} onSelect={() => save("csv")}>
        CSV
      </MenuItem>
      <MenuItem icon={Braces} onSelect={() => save("ndjson")}>
        JSON, one entity a line
      </MenuItem>
    </Menu>
  );
}
