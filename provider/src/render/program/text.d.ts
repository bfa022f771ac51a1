declare module "*.sh" {
  const text: string;
  // eslint-disable-next-line no-restricted-syntax -- what the bundler's text loader gives
  export default text;
}
