import { clsx } from "clsx";
import { CircleAlert, RotateCw } from "lucide-react";
import { asApiError } from "@/lib/api/error";
import { Button } from "./Button";
import { RequestReference } from "./RequestReference";

type ErrorPanelProps = {
  error: unknown;
  /** What was tried, as a sentence: "The blueprint could not be saved." */
  title?: string;
  onRetry?: () => void;
  className?: string;
};

/** What can be done about a code, where the message does not say it. */
const HINTS: Record<string, string> = {
  FORBIDDEN: "Ask an admin of this tenant for the role that it takes.",
  CONFLICT: "Somebody else changed it meanwhile. Load it again and repeat your change.",
  RATE_LIMITED: "Too many requests were made; wait a moment and try again.",
  UNAVAILABLE: "The server is busy or its database is away. It is worth another try.",
  TIMEOUT: "It took longer than allowed. A narrower filter may help.",
  QUERY_TOO_COSTLY: "It would return more than the tenant is allowed at once. A narrower filter may help.",
  INTERNAL: "Whoever runs the server finds the cause in its log under the request id.",
};

/** A failure in its place: what, why, what to do, and what to quote. */
export function ErrorPanel({ error, title = "That did not work.", onRetry, className }: ErrorPanelProps) {
  if (error === undefined || error === null) return null;
  const { code, message, problems, requestId } = asApiError(error);
  const others = problems.slice(1);
  return (
    <div
      role="alert"
      className={clsx("flex gap-2.5 rounded-md border border-bad/30 bg-bad-soft px-3 py-2.5", className)}
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 grow">
        <p className="font-medium">{title}</p>
        <p className="[overflow-wrap:anywhere]">
          {message}
          {problems[0]?.path && <Place path={problems[0].path} />}
        </p>
        {others.length > 0 && (
          <ul className="mt-1 max-h-60 list-disc overflow-y-auto pl-4">
            {others.map((problem) => (
              <li key={`${problem.path} ${problem.message}`} className="[overflow-wrap:anywhere]">
                {problem.message}
                {problem.path && <Place path={problem.path} />}
              </li>
            ))}
          </ul>
        )}
        {HINTS[code] && <p className="mt-0.5 text-muted">{HINTS[code]}</p>}
        <RequestReference code={code} requestId={requestId} />
      </div>
      {onRetry && (
        <Button icon={RotateCw} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

function Place({ path }: { path: string }) {
  return <code className="ml-1.5 rounded-sm bg-hover px-1 font-mono text-[0.6875rem]">{path}</code>;
}
