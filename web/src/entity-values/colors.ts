/** Port's colour names in this portal's colours. */
const COLORS: Record<string, string> = {
  blue: "var(--chart-1)",
  lightBlue: "var(--info)",
  turquoise: "var(--chart-2)",
  orange: "var(--chart-3)",
  bronze: "oklch(58% 0.09 55)",
  gold: "oklch(75% 0.14 85)",
  silver: "oklch(70% 0.015 262)",
  yellow: "oklch(78% 0.15 95)",
  purple: "var(--chart-4)",
  pink: "oklch(68% 0.17 350)",
  green: "var(--ok)",
  lime: "var(--chart-5)",
  olive: "oklch(60% 0.1 115)",
  red: "var(--bad)",
  brown: "oklch(48% 0.07 50)",
  darkGray: "oklch(45% 0.01 262)",
  lightGray: "oklch(72% 0.01 262)",
};

export function colorOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : COLORS[name];
}
