/** In the place of a shared package's file: the file as the process has it. */
module.exports = {
  process: (_, file) => ({ code: `module.exports = requireShared(${JSON.stringify(file)});` }),
};
