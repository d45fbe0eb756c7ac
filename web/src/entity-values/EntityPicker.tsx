import { useMemo, useState } from "react";
import { useApiQuery } from "@/lib/api/hooks";
import { useDebounced } from "@/lib/useDebounced";
import { Combobox, MultiCombobox } from "@/ui/Combobox";
import type { Option } from "@/ui/Select";
import { PickEntities, SearchEntities } from "./entity-values.gql";

type EntityPickerProps = {
  blueprint: string;
  isMany: boolean;
  /** Identifiers. */
  value: readonly string[];
  onChange: (value: string[]) => void;
  /** Offered before the entities. */
  extra?: readonly Option[];
  placeholder?: string;
  disabled?: boolean;
  "aria-label"?: string;
  id?: string;
};

/** One or several entities of a blueprint, found by identifier or title. */
export function EntityPicker({
  blueprint,
  isMany,
  value,
  onChange,
  extra = [],
  placeholder = "Find…",
  ...rest
}: EntityPickerProps) {
  const [text, setText] = useState("");
  const asked = useDebounced(text.trim(), 120);
  const first = useApiQuery(PickEntities, { blueprint }, { enabled: asked === "", fresh: 30_000 });
  const found = useApiQuery(SearchEntities, { blueprint, text: asked }, { enabled: asked !== "", keep: true });
  const nodes = asked === "" ? first.data?.entities.nodes : found.data?.search.nodes;
  const options = useMemo(
    () => [
      ...extra,
      ...(nodes ?? []).map(
        ({ identifier, title }): Option => ({
          value: identifier,
          label: title || identifier,
          ...(title && title !== identifier ? { hint: identifier } : {}),
        }),
      ),
    ],
    [extra, nodes],
  );
  const common = {
    ...rest,
    placeholder,
    options,
    onSearch: setText,
    isSearching: first.isFetching || found.isFetching,
  };
  if (isMany) return <MultiCombobox {...common} value={value} onChange={onChange} />;
  return <Combobox {...common} value={value[0] ?? null} onChange={(next) => onChange(next === null ? [] : [next])} />;
}
