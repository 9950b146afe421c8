declare module "virtual:classification" {
  /** By field: classification and category, as `RESTRICTED PII`. */
  const classification: Record<string, string>;
  export default classification;
}
