import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { notifyFailure } from "@/lib/notify";
import { IconButton } from "./IconButton";

type CopyButtonProps = { text: string; label?: string; className?: string };

export function CopyButton({ text, label = "Copy", className }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <IconButton
      size="xs"
      icon={isCopied ? Check : Copy}
      label={isCopied ? "Copied" : label}
      className={className}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => notifyFailure(new Error("The browser does not allow copying here."), "Not copied"),
        );
      }}
    />
  );
}
