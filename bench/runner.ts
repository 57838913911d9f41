/** A contestant's process, seen from the one that leads the rounds. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
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
      const onEnd = (code: number | null, signal: NodeJS.Signals | null): void => {
        const message = `the process ended with ${code ?? signal}`
        if (isNew) this.#broken = message
        child.off('message', onAnswer)
        resolve({ kind: 'failed', message })
      }
      const onAnswer = (answer: unknown): void => {
        child.off('exit', onEnd)
        resolve(answer as Answer)
      }
      child.once('exit', onEnd).once('message', onAnswer)
      // Where it cannot be sent the process is at its end, which says more.
      child.send(request, () => {})
    })
  }

  /** Ends the process; the next task starts a new one. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === null) return
    const ended = once(child, 'exit')
    if (child.connected) child.disconnect()
    await ended
  }

  #start(): ChildProcess {
    const child = fork(this.#program, [JSON.stringify(this.#assignment)], {
      // No loader of TypeScript: tsx names every closure, which hot code pays for.
      execArgv: ['--expose-gc', '--enable-source-maps'],
      env: { ...process.env, NODE_ENV: 'production', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.once('exit', () => {
      if (this.#child === child) this.#child = null
    })
    return child
  }
}
