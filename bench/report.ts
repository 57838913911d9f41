/** The table, on the screen and in `results/`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, platform, totalmem } from 'node:os'
import type { Options } from './options.ts'
import type { Cell, Line } from './ratios.ts'

export interface Report {
  readonly title: string
  /** Where in `results/`, without ending. */
  readonly name: string
  readonly isPartial: boolean
  readonly options: Options
  readonly labels: readonly string[]
  readonly versions: Readonly<Record<string, string>>
  readonly lines: readonly Line[]
  readonly failures: readonly string[]
}

/** The table and what it was made with, as Markdown. */
export function toMarkdown(report: Report): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`)
  const { options } = report
  return [
    `# ${report.title}`,
    '',
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${platform()} ${arch()}, ` +
      `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB; ` +
      `${options.rounds} rounds${options.quick ? ', quick (a tenth of the data)' : ''}; ` +
      `${versions.join(', ')}.`,
    '',
    'Medians of the ratios to the base in the same round; below 1.00 is better, except for',
    'throughput. In brackets the absolute value, which says little on a busy machine.',
    '',
    ...table(
      report.labels,
      report.lines.filter(({ metric }) => metric.key !== 'cpu'),
    ),
    '',
    'Processor time of this process, which other load on the machine changes least:',
    '',
    ...table(
      report.labels,
      report.lines.filter(({ metric }) => metric.key === 'cpu'),
    ),
    '',
    ...report.failures.map((failure) => `- ${failure}`),
  ].join('\n')
}

/** Writes the Markdown and the numbers beside it, and says where. */
export function writeReport(report: Report): string {
  const folder = new URL(report.isPartial ? './results/partial/' : './results/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = new URL(`${report.name}.md`, folder)
  writeFileSync(file, `${toMarkdown(report).trimEnd()}\n`)
  writeFileSync(new URL(`${report.name}.json`, folder), `${JSON.stringify(report, null, 1)}\n`)
  return file.pathname
}

function table(labels: readonly string[], lines: readonly Line[]): readonly string[] {
  const rows = lines.map((line) => [
    `${line.workload} ${line.title}`,
    ...labels.map((label) => cellText(line, line.cells[label])),
  ])
  return aligned([['', ...labels], ...rows])
}

function cellText({ metric, base }: Line, cell: Cell | undefined): string {
  if (cell === undefined || Number.isNaN(cell.value)) return '–'
  if (metric.absolute) return cell.value.toFixed(2)
  const absolute = `${shortNumber(cell.value)} ${metric.unit}`
  if (cell.ratio === null || base === null) return absolute
  return `${cell.ratio.toFixed(2)} (${absolute})`
}

/** Three digits that count. */
function shortNumber(value: number): string {
  if (value >= 100) return String(Math.round(value))
  return value.toFixed(value >= 10 ? 1 : 2)
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `| ${cells.join(' | ')} |`
  })
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width + 1) : `${'-'.repeat(width)}:`,
  )
  return [lines[0] ?? '', `|${rule.map((dashes) => `-${dashes}`).join('|')}|`, ...lines.slice(1)]
}
