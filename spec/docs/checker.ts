/** What the marked statements of README.md's programs call when they run. */
import { AssertionError, deepStrictEqual } from 'node:assert'
import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { Knex } from 'knex'
import { isInspected, type Marks } from './programs.ts'

/** How often in a row the pool must be found idle: a start enters it a moment after another left. */
const IDLE_TURNS = 5

interface Pool {
  numUsed(): number
  numPendingAcquires(): number
}

export class Checker {
  readonly #knex: Knex
  #sent: string[] = []

  constructor(knex: Knex) {
    this.#knex = knex
    knex.on('query', ({ sql }: { sql: string }) => this.#sent.push(sql))
  }

  /** From here on what is sent counts for the next statement: what was started before is done. */
  async begin(): Promise<void> {
    await this.#idle()
    this.#sent = []
  }

  async check(
    line: number,
    marks: Marks,
    work: () => Promise<unknown>,
    expected?: () => unknown,
  ): Promise<void> {
    await this.begin()
    if (marks.fails === undefined) {
      await this.end(line, marks, await at(line, work), expected)
      return
    }
    const failure = await work().then(
      () => 'nothing',
      (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'no error'),
    )
    this.#compare(line, 'throws', failure, marks.fails)
    await this.end(line, { ...(marks.sends && { sends: marks.sends }) }, undefined)
  }

  async end(line: number, marks: Marks, value: unknown, expected?: () => unknown): Promise<void> {
    await this.#idle()
    if (marks.value !== undefined) this.#value(line, marks.value, value, expected)
    if (marks.sends === undefined) return
    const sent = this.#sent.map((sql) => sql.replace(/\$\d+/g, '?'))
    if (sent.length !== marks.sends.length) fail(line, 'sends', sent, marks.sends)
    for (const [index, sql] of marks.sends.entries()) {
      this.#compare(line, 'sends', sent[index] ?? '', sql)
    }
  }

  #value(line: number, text: string, actual: unknown, expected?: () => unknown): void {
    if (isInspected(text)) {
      this.#compare(line, 'gives', inspect(actual, { depth: 9 }), text)
      return
    }
    try {
      deepStrictEqual(actual, expected?.())
    } catch {
      fail(line, 'gives', actual, expected?.())
    }
  }

  #compare(line: number, verb: string, actual: string, pattern: string): void {
    const parts = tidy(pattern).split('…')
    const regex = new RegExp(
      `^${parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')}$`,
      's',
    )
    if (!regex.test(tidy(actual))) fail(line, verb, actual, pattern)
  }

  async #idle(): Promise<void> {
    const pool = this.#knex.client.pool as Pool
    for (let turns = 0; turns < IDLE_TURNS; turns += 1) {
      await setImmediate()
      if (pool.numUsed() + pool.numPendingAcquires() > 0) turns = 0
    }
  }
}

/** However the text was broken into lines. */
function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/([[{(]) | (?=[\])}])/g, '$1')
}

async function at(line: number, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work()
  } catch (cause) {
    throw new Error(`README.md:${line} throws ${inspect(cause)}`, { cause })
  }
}

function fail(line: number, verb: string, actual: unknown, expected: unknown): never {
  throw new AssertionError({
    message: `README.md:${line} ${verb} ${inspect(actual, { depth: 9 })}`,
    actual,
    expected,
    operator: 'deepStrictEqual',
  })
}
