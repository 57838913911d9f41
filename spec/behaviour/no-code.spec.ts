/** A process that forbids code from text, as some platforms do: everything works, only slower. */
import { expect } from 'chai'
import { describeOnEach } from '../support/databases.ts'
import { runProgram } from './support/program.ts'

describeOnEach('with --disallow-code-generation-from-strings', (kind) => {
  it('rows are written and read as ever', async function () {
    this.timeout(60_000)
    const fresh = await kind.create()
    try {
      const forbidden = '--disallow-code-generation-from-strings'
      const { stdout } = await runProgram('no-code.ts', fresh.config, forbidden)
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
