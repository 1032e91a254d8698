// node run.cjs FILE NAME: runs one of a file's tests. Connections that are still open do not keep it from ending.
const [file, name] = process.argv.slice(2);
require(`./${file}.cjs`)[name]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
