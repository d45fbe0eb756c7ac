export const TABS = ["overview", "related", "history", "json"] as const;
export type TabName = (typeof TABS)[number];
