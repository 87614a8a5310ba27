internal import CCurl
internal import CPlatform

// Questions asked a second time: see `Hedging`. Not what changes something: the first may be carried out late, after what
// its caller does once the second has been. The second one goes by a transfer of its own, which no caller knows, beside
// the one that he waits for. When either exchange has brought a reply the other is given up; when one has failed the other
// goes on alone. So that a caller need not know of all that, the exchange that counts is put into his transfer.
extension Transport {
    /// Every now and then, while anything is under way. Locked.
    func lookAround(_ settings: borrowing Settings) {
        guard calls.pointee.nextLook.hasPassed else { return }
        calls.pointee.nextLook = .after(milliseconds: calls.pointee.hedging.interval)
        let before = Clock.read(CLOCK_MONOTONIC) &- calls.pointee.hedging.patience
        var transfer = calls.pointee.running.first
        // Those that are added are behind all others, and younger.
        while let current = transfer, calls.pointee.hedgeCount < Hedging.mostAtOnce {
            transfer = current.links.next
            if current.isSilent(since: before), lookupWait() == 0, calls.pointee.hedging.begin() { hedge(current, settings) }
        }
    }

    @inline(never)
    private func hedge(_ transfer: Transfer, _ settings: borrowing Settings) {
        guard let hedge = spare(settings) else { return }
        do throws(Failure) {
            try hedge.exchange.prepareLike(transfer.exchange, settings)
        } catch {
            keep(hedge)?.destroy()
            return error.message.discard()
        }
        let added = shared.pointee.multi.add(hedge)
        guard added == CURLE_OK else {
            keep(hedge)?.destroy()
            return
        }
        hedge.place.pointee.stage = .running
        hedge.place.pointee.original = transfer
        transfer.place.pointee.hedge = hedge
        calls.pointee.running.append(hedge)
        calls.pointee.hedgeCount &+= 1
    }

    private func spare(_ settings: borrowing Settings) -> Transfer? {
        if let idle = calls.pointee.idle.removeLast() { return idle }
        do throws(Failure) {
            return try Transfer(settings, sockets: shared.pointee.multi.sockets)
        } catch {
            error.message.discard()
            return nil
        }
    }

    /// Of a transfer that is no longer in libcurl's hands: whether it has come to something that its caller is to be told.
    /// Returns the caller's transfer then, and nil where another exchange goes on for him. Locked.
    @inline(never)
    func settleHedge(of transfer: Transfer) -> Transfer? {
        let hasReply = transfer.exchange.content.pointee.code == CURLE_OK
        if let original = transfer.place.pointee.original {
            if hasReply {
                shared.pointee.multi.sockets.spend(unusedSince: original.exchange.content.pointee.askedAt)
                calls.pointee.hedging.noteSuccess()
                calls.pointee.nextLook = .now
                original.swapExchanges(with: transfer)
                shared.pointee.multi.remove(transfer)
                calls.pointee.running.remove(original)
            } else {
                // Another one may do better, when as much time has passed again.
                original.place.pointee.hedgeEndedAt = Clock.read(CLOCK_MONOTONIC)
            }
            dropHedge(of: original)
            return hasReply ? original : nil
        }
        guard let hedge = transfer.place.pointee.hedge else { return transfer }
        if !hasReply, transfer.exchange.kind(of: transfer.exchange.content.pointee.code).mayPass {
            transfer.swapExchanges(with: hedge)
            dropHedge(of: transfer)
            // Its exchange goes on.
            calls.pointee.running.append(transfer)
            return nil
        }
        removeHedge(of: transfer)
        return transfer
    }

    /// Gives it up. Locked, on the driver's thread or without a driver.
    func removeHedge(of original: Transfer) {
        guard let hedge = original.place.pointee.hedge else { return }
        if !hedge.exchange.content.pointee.isLost {
            noteLookup(of: hedge)
            shared.pointee.multi.remove(hedge)
        }
        dropHedge(of: original)
    }

    /// Leaves it to the driver, with the caller's own. Locked.
    func abandonHedge(of original: Transfer) {
        guard let hedge = original.place.pointee.hedge else { return }
        part(original, hedge)
        hedge.place.pointee.isAbandoned = true
        hedge.exchange.cutShort()
        calls.pointee.abandonedCount &+= 1
    }

    private func dropHedge(of original: Transfer) {
        guard let hedge = original.place.pointee.hedge else { return }
        part(original, hedge)
        hedge.place.pointee.stage = .idle
        calls.pointee.running.remove(hedge)
        hedge.exchange.recycle()
        keep(hedge)?.destroy()
    }

    private func part(_ original: Transfer, _ hedge: Transfer) {
        original.place.pointee.hedge = nil
        hedge.place.pointee.original = nil
        calls.pointee.hedgeCount &-= 1
    }
}

extension Transfer {
    /// Whether its question was asked before that moment, of the monotonic clock, not a byte has come in reply, and it may be
    /// asked again. Not where it is asked a second time already, or was after that moment.
    fileprivate func isSilent(since moment: Int64) -> Bool {
        exchange.content.pointee.operation.changesNothing
            && place.pointee.original == nil && place.pointee.hedge == nil && !place.pointee.isAbandoned
            && exchange.progress == .waiting
            && max(exchange.content.pointee.askedAt, place.pointee.hedgeEndedAt) <= moment
    }
}
