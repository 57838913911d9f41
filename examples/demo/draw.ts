/** Draws a timeline as text, a line for each query. */
import type { Output } from './output.ts'
import type { Span, Timeline } from './recorder.ts'

const TITLE = 18
const NUMBERS = 26

/** `scaleMs` is what the whole width stands for, so that two timelines can be compared. */
export function drawTimeline({ spans, work, totalMs }: Timeline, scaleMs: number, output: Output) {
  const width = output.width - TITLE - NUMBERS - 5
  const column = (ms: number) => Math.min(width - 1, Math.floor((ms / scaleMs) * width))
  const numbers = (...cells: string[]) =>
    `${cells[0]?.padStart(8)}${cells[1]?.padStart(11)}${cells[2]?.padStart(7)}`
  const axis = `0${`${whole(totalMs)} ms`.padStart(column(totalMs))}`.padEnd(width)
  const head = `  ${''.padEnd(TITLE)} ${axis} ${numbers('started', 'ran', 'used')}`
  output.line(output.paint('dim', head))
  output.line(`  ${'other work'.padEnd(TITLE)} ${barOf(work, column, '▒', output)}`)
  for (const span of spans) {
    const { startedMs, sentMs, answeredMs, usedMs } = span
    const times = numbers(whole(startedMs), `${whole(sentMs)}–${whole(answeredMs)}`, whole(usedMs))
    output.line(`  ${span.title.padEnd(TITLE)} ${rowOf(span, column, width, output)} ${times}`)
  }
}

export function drawLegend(output: Output): void {
  const parts = ['· started, waits', '█ runs', '─ answer is there', '● is used', '▒ other work']
  output.line(output.paint('dim', `  ${parts.join('   ')}`))
}

type Column = (ms: number) => number

function barOf(
  [from, to]: readonly [number, number],
  column: Column,
  fill: string,
  output: Output,
) {
  const bar = fill.repeat(Math.max(1, column(to) - column(from)))
  return `${' '.repeat(column(from))}${output.paint('yellow', bar)}`
}

function rowOf(span: Span, column: Column, width: number, output: Output): string {
  const [started, sent] = [column(span.startedMs), column(span.sentMs)]
  // What took any time at all is seen.
  const used = Math.max(column(span.usedMs), sent + 1)
  const answered = Math.min(Math.max(column(span.answeredMs), sent + 1), used)
  return [
    ' '.repeat(started),
    '·'.repeat(sent - started),
    output.paint('cyan', '█'.repeat(answered - sent)),
    '─'.repeat(used - answered),
    output.paint('green', '●'),
    ' '.repeat(Math.max(0, width - used - 1)),
  ].join('')
}

function whole(ms: number): string {
  return String(Math.round(ms))
}
