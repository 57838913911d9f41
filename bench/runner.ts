/** A contestant's process, seen from the one that leads the rounds. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Answer, Assignment, Request } from './worker.ts'

export class Runner {
  readonly label: string
  readonly #program: string
  readonly #assignment: Assignment
  #child: ChildProcess | null = null
  /** Why there is no use in starting it again. */
  #broken: string | null = null

  constructor(label: string, program: string, assignment: Assignment) {
    this.label = label
    this.#program = program
    this.#assignment = assignment
  }

  /** Has the process do a task, and starts it if there is none. */
  async run(request: Request): Promise<Answer> {
    if (this.#broken !== null) return { kind: 'failed', message: this.#broken }
    const isNew = this.#child === null
    this.#child ??= this.#start()
    const child = this.#child
    return await new Promise<Answer>((resolve) => {
      const onExit = (code: number | null): void => {
        this.#child = null
        const message = `the process ended with ${code}`
        if (isNew) this.#broken = message
        resolve({ kind: 'failed', message })
      }
      child.once('exit', onExit)
      child.once('message', (answer) => {
        child.off('exit', onExit)
        resolve(answer as Answer)
      })
      child.send(request)
    })
  }

  /** Ends the process; the next task starts a new one. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#child = null
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.disconnect()
    })
  }

  #start(): ChildProcess {
    return fork(this.#program, [JSON.stringify(this.#assignment)], {
      // No loader of TypeScript: tsx names every closure, which hot code pays for.
      execArgv: ['--expose-gc', '--enable-source-maps'],
      env: { ...process.env, NODE_ENV: 'production', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }
}
