/** What the demo prints: lines, and a bar on a terminal while something is under way. */
import type { Writable } from 'node:stream'

type Style = 'bold' | 'dim' | 'green' | 'cyan' | 'yellow'

const CODES: Record<Style, number> = { bold: 1, dim: 2, green: 32, yellow: 33, cyan: 36 }
const BAR = 24

/** Where to print; a terminal tells more about itself than a file or a pipe. */
export type Stream = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  hasColors?(): boolean
}

export class Output {
  /** How many characters fit into a line. */
  readonly width: number
  readonly #stream: Stream
  readonly #hasColors: boolean

  constructor(stream: Stream) {
    this.#stream = stream
    this.#hasColors = stream.hasColors?.() ?? false
    this.width = Math.min(100, Math.max(60, stream.columns ?? 80))
  }

  line(text = ''): void {
    this.#stream.write(`${this.#eraser}${text}\n`)
  }

  heading(text: string): void {
    this.line()
    this.line(this.paint('bold', text))
  }

  /** A step that is done: what, how much, and what else there is to say. */
  step(what: string, much: string, remark = ''): void {
    const text = `  ${this.paint('green', '✓')} ${what.padEnd(24)} ${much.padStart(12)}   ${remark}`
    this.line(text.trimEnd())
  }

  /** Only on a terminal, in place; the next line takes its place. */
  progress(what: string, done: number, total: number): void {
    if (this.#stream.isTTY !== true) return
    const filled = Math.round((BAR * done) / total)
    const bar = `${this.paint('cyan', '━'.repeat(filled))}${'─'.repeat(BAR - filled)}`
    const much = `${count(done)} of ${count(total)}`
    this.#stream.write(`${this.#eraser}    ${what.padEnd(16)} ${bar} ${much}`)
  }

  paint(style: Style, text: string): string {
    return this.#hasColors ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text
  }

  get #eraser(): string {
    return this.#stream.isTTY === true ? '\r\u001b[K' : ''
  }
}

/** 171,075 whatever the language of the machine. */
export function count(n: number): string {
  return n.toLocaleString('en-US')
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 9_950 ? 2 : 1)} s`
}
