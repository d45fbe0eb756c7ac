import {
  AlignLeft,
  Braces,
  Calculator,
  Calendar,
  CircleDot,
  FileCode2,
  FileText,
  Hash,
  Link2,
  List,
  type LucideIcon,
  Mail,
  MirrorRectangular,
  Network,
  Sigma,
  Timer,
  ToggleLeft,
  Type,
  User,
  Users,
} from "lucide-react";
import type { PropertyDefinition } from "@/lib/blueprint/definition";

const BY_FORMAT: Record<string, LucideIcon> = {
  "date-time": Calendar,
  timer: Timer,
  url: Link2,
  email: Mail,
  "idn-email": Mail,
  ipv4: Network,
  ipv6: Network,
  markdown: FileText,
  yaml: FileCode2,
  proto: FileCode2,
  user: User,
  team: Users,
  "labeled-url": Link2,
  blueprints: AlignLeft,
};
const BY_TYPE: Record<string, LucideIcon> = {
  string: Type,
  number: Hash,
  boolean: ToggleLeft,
  object: Braces,
  array: List,
};

/** An icon for a property's type. */
export function typeIcon({
  kind,
  type,
  format,
  values,
}: Pick<PropertyDefinition, "kind" | "type" | "format" | "values">): LucideIcon {
  if (kind === "mirror") return MirrorRectangular;
  if (kind === "calculation") return Calculator;
  if (kind === "aggregation") return Sigma;
  if (type !== "array" && values) return CircleDot;
  return BY_FORMAT[format ?? ""] ?? BY_TYPE[type] ?? Type;
}
