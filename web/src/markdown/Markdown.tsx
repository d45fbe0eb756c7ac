import ReactMarkdown from "react-markdown";
import rehypeSanitize from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { safeLink } from "@/entity-values/links";
import "./markdown.css";

/**
 * Markdown as a document. HTML in it is not rendered, and of links only those of harmless schemes are kept: nothing that
 * an author writes runs in the portal.
 */
export default function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown" dir="auto">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[rehypeSanitize]}
        components={{
          // Pictures from elsewhere would tell others who reads; the Content-Security-Policy blocks them.
          img: ({ src, alt }) => (
            <a href={safeLink(typeof src === "string" ? src : undefined)} target="_blank" rel="noreferrer">
              {alt || "picture"}
            </a>
          ),
          a: ({ node: _, href, children }) => {
            if (!href || /^(?!#|https?:|mailto:)/i.test(href)) {
              return (
                <span title={href && `${href} is relative to a repository and leads nowhere here`}>{children}</span>
              );
            }
            return (
              <a href={href} target={href.startsWith("#") ? undefined : "_blank"} rel="noreferrer">
                {children}
              </a>
            );
          },
        }}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
}
