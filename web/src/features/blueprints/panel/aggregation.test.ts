import { expect, test } from "vitest";
import { FUNCTIONS, functionOf, specOf } from "./aggregation";

test.each(FUNCTIONS.map(({ id }) => id))("%s is recognised in the definition that it makes", (id) => {
  expect(functionOf(specOf(id, {}, "open")).id).toBe(id);
});

test("property and date stay where the next function has them", () => {
  const sum = specOf("sum", {}, "open");
  expect(sum).toEqual({ calculationBy: "property", func: "sum", property: "open" });
  const rate = specOf("sum-week", { ...sum, property: "cost", measureTimeBy: "at" }, "open");
  expect(rate).toEqual({
    calculationBy: "property",
    func: "average",
    averageOf: "week",
    property: "cost",
    measureTimeBy: "at",
  });
  expect(specOf("count", rate, "open")).toEqual({ calculationBy: "entities", func: "count" });
  expect(functionOf({ calculationBy: "entities", func: "average", averageOf: "total" }).id).toBe("count");
});
