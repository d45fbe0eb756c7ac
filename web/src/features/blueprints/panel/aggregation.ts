/** What aggregations can make of entities, and how the definition says it. */
import { asText, type JsonObject } from "@/lib/json";

export type AggregationFunction = {
  id: string;
  label: string;
  isOfProperty: boolean;
  isRate: boolean;
  spec: JsonObject;
};

const PERIODS = ["hour", "day", "week", "month"] as const;

export const FUNCTIONS: readonly AggregationFunction[] = [
  {
    id: "count",
    label: "How many",
    isOfProperty: false,
    isRate: false,
    spec: { calculationBy: "entities", func: "count" },
  },
  { id: "sum", label: "Sum", isOfProperty: true, isRate: false, spec: { calculationBy: "property", func: "sum" } },
  {
    id: "average",
    label: "Mean",
    isOfProperty: true,
    isRate: false,
    spec: { calculationBy: "property", func: "average", averageOf: "total" },
  },
  { id: "min", label: "Least", isOfProperty: true, isRate: false, spec: { calculationBy: "property", func: "min" } },
  { id: "max", label: "Most", isOfProperty: true, isRate: false, spec: { calculationBy: "property", func: "max" } },
  {
    id: "median",
    label: "Median",
    isOfProperty: true,
    isRate: false,
    spec: { calculationBy: "property", func: "median" },
  },
  ...PERIODS.map((period) => ({
    id: `count-${period}`,
    label: `How many a ${period}`,
    isOfProperty: false,
    isRate: true,
    spec: { calculationBy: "entities", func: "average", averageOf: period },
  })),
  ...PERIODS.map((period) => ({
    id: `sum-${period}`,
    label: `Sum a ${period}`,
    isOfProperty: true,
    isRate: true,
    spec: { calculationBy: "property", func: "average", averageOf: period },
  })),
];

const COUNT = FUNCTIONS[0] as AggregationFunction;

export function functionOf(spec: JsonObject): AggregationFunction {
  const { calculationBy, func, averageOf } = spec;
  // A count "on average of all" is a count.
  if (calculationBy === "entities" && averageOf === "total") return COUNT;
  const isRate = func === "average";
  return (
    FUNCTIONS.find(
      ({ spec: one }) =>
        one.calculationBy === calculationBy && one.func === func && (!isRate || one.averageOf === averageOf),
    ) ?? COUNT
  );
}

/** Another function; property and date stay where it has them. */
export function specOf(id: string, present: JsonObject, firstNumber: string | undefined): JsonObject {
  const { spec, isOfProperty, isRate } = FUNCTIONS.find((one) => one.id === id) ?? COUNT;
  const property = asText(present.property) ?? firstNumber;
  const measureTimeBy = asText(present.measureTimeBy);
  return {
    ...spec,
    ...(isOfProperty && property ? { property } : {}),
    ...(isRate && measureTimeBy ? { measureTimeBy } : {}),
  };
}
