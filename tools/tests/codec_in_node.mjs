// Runs a TS013 codec as ChirpStack does: the script and one call, evaluated without modules, the input a global.
// stdin: JSON [[function, input], ...]; stdout: JSON [result, ...].
import { readFileSync } from "node:fs";
import vm from "node:vm";

const script = readFileSync(process.argv[2], "utf8");
const calls = JSON.parse(readFileSync(0, "utf8"));
const results = calls.map(([name, input]) => {
  const world = vm.createContext({ chirpstack_input: { recvTime: new Date(0), variables: {}, ...input } });
  return vm.runInContext(`${script}\n${name}(chirpstack_input)`, world, { timeout: 1000 });
});
process.stdout.write(JSON.stringify(results));
