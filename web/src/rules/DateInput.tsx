import { asObject, asText, type Json } from "@/lib/json";
import { Input } from "@/ui/Input";
import { Select } from "@/ui/Select";
import { describePreset } from "./describe";

const PRESETS = [
  "today",
  "yesterday",
  "last24Hours",
  "last7Days",
  "last30Days",
  "last3Months",
  "last12Months",
  "next24Hours",
  "next7Days",
  "next30Days",
];
const FIXED = "fixed";

type Props = { value: Json | undefined; onChange: (value: Json) => void };

function presetOf(value: Json | undefined): string | undefined {
  const object = asObject(value);
  return asText(object.preset) ?? asText(object.relative);
}

function options(preset: string | undefined, fixed: string) {
  const all = preset === undefined || PRESETS.includes(preset) ? PRESETS : [...PRESETS, preset];
  return [...all.map((one) => ({ value: one, label: describePreset(one) })), { value: FIXED, label: fixed }];
}

/** A span that moves with the clock, or two days. */
export function SpanInput({ value, onChange }: Props) {
  const preset = presetOf(value);
  const { from, to } = asObject(value);
  const isFixed = preset === undefined && value !== undefined;
  const set = (change: { from?: string; to?: string }) => {
    const next = { ...(from ? { from } : {}), ...(to ? { to } : {}), ...change };
    onChange(Object.fromEntries(Object.entries(next).filter(([, day]) => day !== "")));
  };
  return (
    <div className="flex flex-wrap gap-1.5">
      <Select
        aria-label="Span"
        value={preset ?? (isFixed ? FIXED : null)}
        onChange={(next) => onChange(next === FIXED ? {} : { preset: next })}
        options={options(preset, "between two days")}
      />
      {isFixed && (
        <>
          <Input
            type="date"
            aria-label="From"
            className="w-36!"
            value={dayOf(from)}
            onChange={(event) => set({ from: event.target.value })}
          />
          <Input
            type="date"
            aria-label="To, inclusive"
            className="w-36!"
            value={dayOf(to)}
            onChange={(event) => set({ to: event.target.value && `${event.target.value}T23:59:59.999Z` })}
          />
        </>
      )}
    </div>
  );
}

/** A point in time: a name that moves with the clock, or a day. */
export function DateInput({ value, onChange }: Props) {
  const preset = presetOf(value);
  const isFixed = preset === undefined && value !== undefined;
  return (
    <div className="flex flex-wrap gap-1.5">
      <Select
        aria-label="Time"
        value={preset ?? (isFixed ? FIXED : null)}
        onChange={(next) => onChange(next === FIXED ? "" : { preset: next })}
        options={options(preset, "a day")}
      />
      {isFixed && (
        <Input
          type="date"
          aria-label="Day"
          className="w-36!"
          value={dayOf(value)}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}

function dayOf(value: Json | undefined): string {
  return typeof value === "string" ? value.slice(0, 10) : "";
}
