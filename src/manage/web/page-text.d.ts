/** What the browser runs is text to everything else: it is imported `with { type: "text" }`. */
declare module "*.js" {
  const text: string;
  export default text;
}
declare module "*.svg" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
