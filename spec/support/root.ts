/** What mocha loads before the specs: hands the counts of the run to `run.ts`. */
import { renameSync, writeFileSync } from 'node:fs'

// Programs that specs start are compiled in another way: their coverage does not add up with ours.
delete process.env['NODE_V8_COVERAGE']

export function mochaGlobalTeardown(this: {
  stats?: { passes: number; failures: number; pending: number }
}): void {
  const file = process.env['SPEC_SUMMARY_FILE']
  if (!file || !this.stats) return
  const { passes, failures, pending } = this.stats
  // Written beside and renamed, so that the runner never reads half a file.
  writeFileSync(`${file}.part`, JSON.stringify({ passes, failures, pending }))
  renameSync(`${file}.part`, file)
}
