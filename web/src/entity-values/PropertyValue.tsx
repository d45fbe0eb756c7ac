import { clsx } from "clsx";
import { Check, ExternalLink, Minus } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import type { PropertyDefinition } from "@/lib/blueprint/definition";
import { asObject, asText, type Json } from "@/lib/json";
import { parseDate } from "@/lib/time";
import { Badge } from "@/ui/Badge";
import { RelativeTime } from "@/ui/RelativeTime";
import { Skeleton } from "@/ui/Skeleton";
import { colorOf } from "./colors";
import { EntityLink } from "./EntityLink";
import { safeLink, shortAddress } from "./links";

const Markdown = lazy(() => import("@/markdown/Markdown"));

/** What decides how a value looks. */
type Look = Pick<PropertyDefinition, "type" | "format" | "itemType" | "itemFormat" | "values" | "colors">;

type PropertyValueProps = {
  value: Json | undefined;
  property: Look;
  /** On one line, in a table; otherwise with all there is room for. */
  isCompact?: boolean;
};

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
/** Items of a list on one line. */
const FEW = 3;

/** A property's value by its type and format. */
export function PropertyValue({ value, property, isCompact = false }: PropertyValueProps): ReactNode {
  if (value === undefined || value === null || value === "") return <Nothing />;
  if (Array.isArray(value)) {
    if (value.length === 0) return <Nothing />;
    const item: Look = { ...property, type: property.itemType ?? "string", format: property.itemFormat };
    const shown = isCompact ? value.slice(0, FEW) : value;
    return (
      <span className={clsx("flex min-w-0 items-center gap-1", !isCompact && "flex-wrap")}>
        {shown.map((one, index) => (
          <Item key={index} value={one} property={item} />
        ))}
        {value.length > shown.length && (
          <span className="shrink-0 text-meta text-muted" title={value.slice(FEW).map(plain).join(", ")}>
            +{value.length - shown.length}
          </span>
        )}
      </span>
    );
  }
  if (typeof value === "boolean") return <Flag value={value} />;
  if (typeof value === "number") return <span className="tnum truncate">{number.format(value)}</span>;
  if (typeof value === "object") return <ObjectValue value={value} isCompact={isCompact} />;
  return <Text text={value} property={property} isCompact={isCompact} />;
}

function Text({ text, property, isCompact }: { text: string; property: Look; isCompact: boolean }) {
  if (property.values) return <Choice text={text} color={property.colors[text]} />;
  switch (property.format) {
    case "url":
      return <Address text={text} />;
    case "email":
    case "idn-email":
      return (
        <a href={`mailto:${text}`} className="truncate text-accent hover:underline">
          {text}
        </a>
      );
    case "date-time":
    case "date":
    case "timer":
      return parseDate(text) ? (
        <RelativeTime at={text} className="truncate" />
      ) : (
        <span className="truncate">{text}</span>
      );
    case "user":
      return <EntityLink blueprint="_user" identifier={text} />;
    case "team":
      return <EntityLink blueprint="_team" identifier={text} />;
    case "markdown":
      if (isCompact) return <span className="truncate text-muted">{firstLine(text)}</span>;
      return (
        <Suspense fallback={<Skeleton className="h-12 w-full" />}>
          <Markdown text={text} />
        </Suspense>
      );
    case "yaml":
    case "proto":
      return isCompact ? (
        <code className="truncate font-mono text-code text-muted">{firstLine(text)}</code>
      ) : (
        <CodeBlock text={text} />
      );
    case "ipv4":
    case "ipv6":
      return <code className="truncate font-mono text-code">{text}</code>;
    default:
      return isCompact ? (
        <span className="truncate" title={text.length > 30 ? text.slice(0, 500) : undefined} dir="auto">
          {text}
        </span>
      ) : (
        <span className="whitespace-pre-wrap [overflow-wrap:anywhere]" dir="auto">
          {text}
        </span>
      );
  }
}

function Item({ value, property }: { value: Json; property: Look }) {
  const isLink = typeof value === "string" && ["user", "team", "url", "email"].includes(property.format ?? "");
  if (isLink || (typeof value === "string" && property.values))
    return <PropertyValue value={value} property={property} isCompact />;
  return <Badge className="min-w-0">{plain(value)}</Badge>;
}

/** One of a property's allowed values. The colour only supports the word. */
export function Choice({ text, color }: { text: string; color: string | undefined }) {
  const dot = colorOf(color);
  return (
    <span className="inline-flex h-5 min-w-0 items-center gap-1.5 rounded-sm bg-hover px-1.5 font-medium text-meta">
      {dot && <span aria-hidden style={{ background: dot }} className="size-2 shrink-0 rounded-full" />}
      <span className="truncate">{text}</span>
    </span>
  );
}

function Flag({ value }: { value: boolean }) {
  const Icon = value ? Check : Minus;
  return (
    <span className={clsx("inline-flex items-center gap-1", value ? "text-ok" : "text-muted")}>
      <Icon aria-hidden className="size-3.5" />
      {value ? "Yes" : "No"}
    </span>
  );
}

function Address({ text }: { text: string }) {
  const href = safeLink(text);
  if (!href) return <span className="truncate">{text}</span>;
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer"
      title={text}
      className="inline-flex min-w-0 items-center gap-1 text-accent hover:underline"
    >
      <span className="truncate">{shortAddress(text)}</span>
      <ExternalLink aria-label="(opens elsewhere)" className="size-3 shrink-0" />
    </a>
  );
}

function ObjectValue({ value, isCompact }: { value: { [key: string]: Json }; isCompact: boolean }) {
  const { url, displayText } = asObject(value);
  const href = safeLink(asText(url));
  if (href) {
    return (
      <a
        href={href}
        target="_blank"
        rel="noreferrer"
        className="inline-flex min-w-0 items-center gap-1 text-accent hover:underline"
      >
        <span className="truncate">{asText(displayText) || shortAddress(href)}</span>
        <ExternalLink aria-label="(opens elsewhere)" className="size-3 shrink-0" />
      </a>
    );
  }
  if (isCompact)
    return <code className="truncate font-mono text-code text-muted">{JSON.stringify(value).slice(0, 200)}</code>;
  return <CodeBlock text={JSON.stringify(value, null, 2)} />;
}

export function CodeBlock({ text, isTall = false }: { text: string; isTall?: boolean }) {
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys
      tabIndex={0}
      className={clsx(
        "max-w-full overflow-auto rounded-md border border-line px-3 py-2 font-mono text-code",
        isTall ? "bg-surface" : "max-h-80 bg-bg",
      )}
    >
      {text}
    </pre>
  );
}

export function Nothing() {
  return (
    <span className="text-muted">
      <span aria-hidden>–</span>
      <span className="sr-only">nothing</span>
    </span>
  );
}

function plain(value: Json): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function firstLine(text: string): string {
  return (
    text
      .replace(/[#*_`>]/g, "")
      .trim()
      .split("\n")[0]
      ?.slice(0, 200) ?? ""
  );
}
