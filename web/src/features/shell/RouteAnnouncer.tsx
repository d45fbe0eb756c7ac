import { useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/** Tells screen readers that another page is shown. */
export function RouteAnnouncer() {
  const path = useLocation({ select: (location) => location.pathname });
  const [title, setTitle] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is why it looks again
  useEffect(() => {
    // The page sets its title when it is there.
    const timer = setTimeout(() => setTitle(document.title), 300);
    return () => clearTimeout(timer);
  }, [path]);
  return (
    <p role="status" className="sr-only">
      {title}
    </p>
  );
}
