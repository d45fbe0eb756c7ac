import { Tabs as Base } from "@base-ui/react/tabs";
import { clsx } from "clsx";
import type { ReactNode } from "react";

export type Tab<Value extends string> = { value: Value; label: string; count?: number | undefined; content: ReactNode };

type TabsProps<Value extends string> = {
  value: Value;
  onChange: (value: Value) => void;
  tabs: readonly Tab<Value>[];
  label: string;
  className?: string;
  panelClassName?: string;
};

/** Views of one thing. Only the chosen one is there. */
export function Tabs<Value extends string>({
  value,
  onChange,
  tabs,
  label,
  className,
  panelClassName,
}: TabsProps<Value>) {
  return (
    <Base.Root
      value={value}
      onValueChange={(next) => onChange(next as Value)}
      className={clsx("flex min-h-0 flex-col", className)}
    >
      <Base.List aria-label={label} className="flex shrink-0 gap-4 overflow-x-auto border-line border-b">
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="-mb-px flex h-9 shrink-0 items-center gap-1.5 whitespace-nowrap border-transparent border-b-2 font-medium text-muted outline-offset-[-2px] hover:text-fg data-active:border-accent data-active:text-fg"
          >
            {tab.label}
            {tab.count !== undefined && (
              <span className="tnum rounded-full bg-hover px-1.5 text-meta">{tab.count}</span>
            )}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className={clsx("min-h-0 outline-none", panelClassName)}>
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
