/** A process that forbids code from text, as some platforms do: everything works, only slower. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { describeOnEach } from '../support/databases.ts'

const run = promisify(execFile)

describeOnEach('with --disallow-code-generation-from-strings', (kind) => {
  it('rows are written and read as ever', async function () {
    this.timeout(60_000)
    const fresh = await kind.create()
    try {
      const program = fileURLToPath(new URL('./support/no-code.ts', import.meta.url))
      const flags = ['--import', 'tsx', '--disallow-code-generation-from-strings']
      const args = [...flags, program, JSON.stringify(fresh.config)]
      const { stdout } = await run(process.execPath, args)
      const books = ['no 1 by Ann', 'no 2 by Ann', 'no 3 by Ann']
      expect(JSON.parse(stdout)).to.deep.equal({
        refusal: 'EvalError',
        seen: [books, books.slice(1), books.slice(2)],
      })
    } finally {
      await fresh.drop()
    }
  })
})
