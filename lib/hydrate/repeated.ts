type Row = readonly unknown[]

function isSame(one: Row, other: Row, offset: number): boolean {
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[offset + at]) return false
  return true
}

/**
 * Reads a part of rows in which the same row of a table comes again and again, as a tag of many
 * books does: those that are alike are one array, so that instances of them cost less to remember.
 */
export function sharing(offset: number, length: number, keyAt: number): (row: Row) => Row {
  const known = new Map<unknown, Row>()
  return (row) => {
    const key = row[offset + keyAt]
    const before = known.get(key)
    // A key that is none in truth, as in a view, may have other values.
    if (before !== undefined && isSame(before, row, offset)) return before
    const part = row.slice(offset, offset + length)
    known.set(key, part)
    return part
  }
}
