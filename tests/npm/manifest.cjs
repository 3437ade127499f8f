// Prints a YAML file as JSON.
const fs = require("node:fs");
const path = require("node:path");
const { parse } = require(path.join(process.cwd(), "node_modules/yaml"));

console.log(JSON.stringify(parse(fs.readFileSync(process.argv[2], "utf8"))));
