/// Rows with the same columns. On a terminal they are aligned and have a head; otherwise tabs separate the columns, and
/// there is no head, for programs such as cut and awk.
struct Table {
    struct Cell {
        let text: String
        let colour: Colour

        init(_ text: String?, _ colour: Colour = .none) {
            self.text = text.map { $0.isEmpty ? "-" : $0.withoutControls } ?? "-"
            self.colour = colour
        }
    }

    private let head: [String]
    private var rows: [[Cell]] = []
    private var isHeadPrinted = false
    private let firstWidth: Int

    /// - Parameters:
    ///   - head: the titles of the columns; empty where the first cell of each row says what the row is.
    ///   - firstColumn: all cells of the first column, to align rows that are printed one by one.
    init(_ head: [String], firstColumn: [String] = []) {
        self.head = head
        firstWidth = firstColumn.reduce(0) { max($0, $1.withoutControls.columns) }
    }

    mutating func add(_ row: [Cell]) { rows.append(row) }

    /// Prints the rows that have been added since the last time.
    mutating func print(to console: Console) {
        defer { rows = [] }
        guard !rows.isEmpty else { return }
        if !console.isTerminal {
            for row in rows { console.say(row.map { $0.text }.joined(by: "\t")) }
            return
        }
        var widths = head.isEmpty ? rows[0].map { _ in 0 } : head.map { $0.columns }
        widths[0] = max(widths[0], firstWidth)
        for row in rows {
            for index in row.indices { widths[index] = max(widths[index], row[index].text.columns) }
        }
        if !isHeadPrinted && !head.isEmpty {
            isHeadPrinted = true
            console.say(console.coloured(line(head, widths), .bold))
        }
        for row in rows {
            let last = row.count - 1
            let cells = row.indices.map { index in
                let text = index == last ? row[index].text : row[index].text.padded(to: widths[index])
                return console.coloured(text, row[index].colour)
            }
            console.say(cells.joined(by: "  "))
        }
    }

    private func line(_ texts: [String], _ widths: [Int]) -> String {
        let last = texts.count - 1
        return texts.indices.map { $0 == last ? texts[$0] : texts[$0].padded(to: widths[$0]) }.joined(by: "  ")
    }
}
