/**
 * Files for the browser are texts for everything else: they are imported `with { type: "text" }`.
 */
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
