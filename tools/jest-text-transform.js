/** Jest's counterpart of the bundler's text loader: a file as a module with its text as the default export. */
module.exports = {
  process: (text) => ({ code: `module.exports = { __esModule: true, default: ${JSON.stringify(text)} };` }),
};
