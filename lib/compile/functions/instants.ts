import type { ColumnField } from '../../fields/column-field.ts'
import { type Fragment, sql } from '../fragment.ts'

/** An instant, day or time of day as what SQLite's functions take apart, whatever stores it. */
export function instant(value: Fragment, { storage }: ColumnField): Fragment {
  return storage === 'epochMs' ? sql`${value} / 1000.0, 'unixepoch'` : value
}

/** An instant in the form of text that dateTime columns of SQLite have by default. */
export function instantText(at: Fragment): Fragment {
  return sql`strftime('%Y-%m-%d %H:%M:%f', ${at})`
}
