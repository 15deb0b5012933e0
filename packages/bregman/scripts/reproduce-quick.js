// Runs every experiment with --quick, as CI does: each has to come to its report. Nothing is downloaded for
// it: runs whose data are not on the machine are named and left out.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentNames, loadExperiment, reproduce } from 'bregman/reproduce';

const folder = await mkdtemp(join(tmpdir(), 'bregman-quick-'));
try {
  for (const name of await experimentNames()) console.log(`${name}: ${await runQuickly(name)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** What came of it, in a line. */
async function runQuickly(name) {
  const started = performance.now();
  const download = new AbortController();
  try {
    const { report, outcomes, isInterrupted } = await reproduce(await loadExperiment(name), {
      quick: true,
      out: join(folder, name),
      signal: download.signal,
      observer: { onProgress: () => download.abort() },
    });
    const problems = report.warnings.filter((each) => !each.startsWith('Shortened (--quick)'));
    const failed = problems.find((problem) => !isInterrupted && !isDataMissing(problem));
    if (failed) throw new Error(`${name}: ${failed}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const leftOut = isInterrupted ? ['the rest left out: its data are not here'] : problems;
    return [`${outcomes.length} runs in ${seconds} s`, ...leftOut].join('; ');
  } catch (error) {
    if (!isDataMissing(error.message)) throw error;
    return `left out: ${error.message}`;
  }
}

function isDataMissing(message) {
  return /all runs on \S+ are missing/.test(message);
}
