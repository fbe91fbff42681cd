/** The frame of an HTML file that needs nothing but itself. */
import { escaped } from "./picture.ts";

/**
 * @param style text of the style sheet
 * @param icon address of an icon for who serves it; "" for a file
 * @param body markup
 */
export function htmlPage(title: string, style: string, icon: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>${icon === "" ? "" : `\n<link rel="icon" href="${icon}">`}
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}
