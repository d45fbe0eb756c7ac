import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Avatar } from "@/ui/Avatar";
import { useTitle } from "./titles";

type EntityLinkProps = { blueprint: string; identifier: string; className?: string };

/** An entity by its title, with the way to its page. People and teams have a face. */
export function EntityLink({ blueprint, identifier, className }: EntityLinkProps) {
  const title = useTitle(blueprint, identifier) || identifier;
  const isPerson = blueprint === "_user";
  return (
    <Link
      to="/entity/$blueprint/$identifier"
      params={{ blueprint, identifier }}
      title={title === identifier ? identifier : `${title} (${identifier})`}
      preload={false}
      className={clsx(
        "inline-flex min-w-0 max-w-full items-center gap-1.5 hover:text-accent hover:underline",
        className,
      )}
    >
      {(isPerson || blueprint === "_team") && <Avatar name={title} isTeam={!isPerson} />}
      <span className="truncate">{title}</span>
    </Link>
  );
}
