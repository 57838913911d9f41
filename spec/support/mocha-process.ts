/** Mocha in a process of its own, watched from outside. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Summary {
  readonly passes: number
  readonly failures: number
  readonly pending: number
}

const EXIT_GRACE_MS = 10_000

export class MochaProcess {
  readonly #args: readonly string[]
  readonly #summaryFile: string
  #child: ChildProcess | undefined
  #wasInterrupted = false

  /** @param summaryFile where the process leaves its counts, as `root.ts` does. */
  constructor(args: readonly string[], summaryFile: string) {
    this.#args = args
    this.#summaryFile = summaryFile
  }

  /** The counts; undefined until the last spec is over. */
  get summary(): Summary | undefined {
    try {
      return JSON.parse(readFileSync(this.#summaryFile, 'utf8')) as Summary
    } catch {
      return undefined
    }
  }

  /**
   * Runs the specs; resolves to what went wrong beside failing ones, or undefined.
   *
   * @param print is given what they print; where it is left out, that goes where ours goes.
   */
  run(env: NodeJS.ProcessEnv, print?: (chunk: Buffer) => void): Promise<string | undefined> {
    if (this.#wasInterrupted) return Promise.resolve('interrupted')
    const out = print === undefined ? 'inherit' : 'pipe'
    const child = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', ...this.#args], {
      env: { ...process.env, ...env, SPEC_SUMMARY_FILE: this.#summaryFile },
      stdio: ['ignore', out, out],
      detached: process.platform !== 'win32',
    })
    this.#child = child
    if (print !== undefined)
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', print)
    return this.#ended(child)
  }

  interrupt(): void {
    this.#wasInterrupted = true
    this.#kill('SIGKILL')
  }

  #ended(child: ChildProcess): Promise<string | undefined> {
    let isLingering = false
    const watch = setInterval(() => {
      if (this.summary === undefined || isLingering) return
      isLingering = true
      setTimeout(() => this.#kill('SIGTERM'), EXIT_GRACE_MS).unref()
      setTimeout(() => this.#kill('SIGKILL'), EXIT_GRACE_MS + 2_000).unref()
    }, 250)
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => {
        clearInterval(watch)
        if (this.#wasInterrupted) resolve('interrupted')
        else if (signal !== null && isLingering) resolve('a spec left a connection or timer open')
        else if (signal !== null) resolve(`the specs were ended by ${signal}`)
        else if (code !== 0 && !this.summary?.failures) {
          resolve(`the specs ended with exit code ${code}, see above`)
        } else resolve(undefined)
      })
    })
  }

  /** Mocha's command starts a second process with the node options, so the whole group is meant. */
  #kill(signal: NodeJS.Signals): void {
    const child = this.#child
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  }
}
