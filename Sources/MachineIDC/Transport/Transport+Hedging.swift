internal import CCurl
internal import CPlatform

// Hedges: requests that are sent a second time, see `Hedging`. Only read-only requests are hedged: a first request that
// changes something might be carried out late, after what its caller does once the second has been answered. A hedge
// has a transfer of its own, which no caller knows, beside the transfer that the caller waits for (the original). When
// one of the two exchanges brings an answer, the other is cancelled; when one fails, the other continues alone. The
// caller does not notice any of this, because the exchange that counts is swapped into its transfer.
//
// A hedge may also bring a reply that answers nothing: an overloaded authority refuses the second request, and a portal
// redirects it. Such a reply is kept aside. It counts when the original fails, or stays silent for as long again.
extension Transport {
    /// Hedges the transfers that have been silent for too long, and ends those that have been silent for as long again
    /// after a reply that was kept aside. Called every now and then while transfers are running. Returns whether a
    /// transfer has ended. Requires the lock.
    func startHedges(_ settings: borrowing Settings) -> Bool {
        guard locked.pointee.nextHedgeCheck.hasPassed else { return false }
        var hasEnded = false
        locked.pointee.nextHedgeCheck = .after(milliseconds: locked.pointee.hedging.interval)
        let before = MonotonicTime.now.before(nanoseconds: locked.pointee.hedging.patience)
        var transfer = locked.pointee.running.first
        // Hedges that are added go to the end of the list, and are younger.
        while let current = transfer {
            transfer = current.links.next
            if current.locked.pointee.hedge?.locked.pointee.isKeptAside ?? false {
                guard current.locked.pointee.hedgeEndedAt <= before else { continue }
                deliver(adoptHedge(of: current))
                hasEnded = true
            } else if locked.pointee.hedgeCount < Hedging.mostAtOnce, current.isSilent(since: before),
                lookupWait() == 0, locked.pointee.hedging.spendCredit()
            {
                hedge(current, settings)
            }
        }
        return hasEnded
    }

    /// Sends a transfer's request a second time. Does nothing when memory is refused.
    @inline(never)
    private func hedge(_ transfer: Transfer, _ settings: borrowing Settings) {
        guard let hedge = takePooledOrMake(settings) else { return }
        do throws(Failure) {
            try hedge.exchange.prepareLike(transfer.exchange, settings)
        } catch {
            pool(hedge)?.destroy()
            return error.message.destroy()
        }
        let added = shared.pointee.multi.add(hedge)
        guard added == CURLE_OK else {
            pool(hedge)?.destroy()
            return
        }
        hedge.locked.pointee.stage = .running
        hedge.locked.pointee.original = transfer
        transfer.locked.pointee.hedge = hedge
        locked.pointee.running.append(hedge)
        locked.pointee.hedgeCount &+= 1
        statistics.count(.hedges)
    }

    /// A transfer from the pool, or a new one; nil when memory is refused.
    private func takePooledOrMake(_ settings: borrowing Settings) -> Transfer? {
        if let pooled = locked.pointee.pooled.removeLast() { return pooled }
        do throws(Failure) {
            return try Transfer(settings, sockets: shared.pointee.multi.sockets)
        } catch {
            error.message.destroy()
            return nil
        }
    }

    /// Handles a transfer that libcurl is done with while there are hedges. Returns the caller's transfer when it has a
    /// result for its caller; nil when the other exchange of the pair continues. Requires the lock.
    @inline(never)
    func settleHedge(of transfer: Transfer) -> Transfer? {
        let hasReply = transfer.exchange.content.pointee.code == CURLE_OK
        if let original = transfer.locked.pointee.original {
            if transfer.exchange.hasAnswer {
                shared.pointee.multi.sockets.retire(unusedSince: original.exchange.content.pointee.sentAt)
                locked.pointee.hedging.recordUsefulHedge()
                locked.pointee.nextHedgeCheck = .now
                return adoptHedge(of: original)
            }
            original.locked.pointee.hedgeEndedAt = .now
            if hasReply {
                transfer.locked.pointee.isKeptAside = true
                locked.pointee.hedgeCount &-= 1
            } else {
                // Another hedge may be sent after the same delay.
                returnHedge(of: original)
            }
            return nil
        }
        guard let hedge = transfer.locked.pointee.hedge else { return transfer }
        if !hasReply, transfer.exchange.kind(of: transfer.exchange.content.pointee.code).isTransient {
            let hasEnded = hedge.locked.pointee.isKeptAside
            transfer.swapExchanges(with: hedge)
            returnHedge(of: transfer)
            if hasEnded { return transfer }
            // The hedge's exchange continues in the caller's transfer.
            locked.pointee.running.append(transfer)
            return nil
        }
        cancelHedge(of: transfer)
        return transfer
    }

    /// Takes the original's exchange out of libcurl, and puts the hedge's, which has ended, in its place. Returns the
    /// original.
    @inline(never)
    private func adoptHedge(of original: Transfer) -> Transfer {
        guard let hedge = original.locked.pointee.hedge else { return original }
        original.swapExchanges(with: hedge)
        shared.pointee.multi.remove(hedge)
        locked.pointee.running.remove(original)
        returnHedge(of: original)
        return original
    }

    /// Cancels the hedge of a transfer. Requires the lock, and runs on the driver's thread or while no thread drives.
    func cancelHedge(of original: Transfer) {
        guard let hedge = original.locked.pointee.hedge else { return }
        if !hedge.exchange.content.pointee.isUnusable, !hedge.locked.pointee.isKeptAside {
            recordLookup(of: hedge)
            shared.pointee.multi.remove(hedge)
        }
        returnHedge(of: original)
    }

    /// Abandons the hedge of a transfer that is being abandoned, so that the driver clears both away. Requires the
    /// lock.
    func abandonHedge(of original: Transfer) {
        guard let hedge = original.locked.pointee.hedge else { return }
        if hedge.locked.pointee.isKeptAside { return returnHedge(of: original) }
        unlinkHedge(original, hedge)
        hedge.locked.pointee.isAbandoned = true
        hedge.exchange.interrupt()
        locked.pointee.abandonedCount &+= 1
    }

    /// Puts the hedge of a transfer, which libcurl is done with, back into the pool.
    private func returnHedge(of original: Transfer) {
        guard let hedge = original.locked.pointee.hedge else { return }
        unlinkHedge(original, hedge)
        hedge.locked.pointee.stage = .idle
        locked.pointee.running.remove(hedge)
        hedge.exchange.reset()
        pool(hedge)?.destroy()
    }

    /// Ends the relation between a transfer and its hedge.
    private func unlinkHedge(_ original: Transfer, _ hedge: Transfer) {
        original.locked.pointee.hedge = nil
        hedge.locked.pointee.original = nil
        if !hedge.locked.pointee.isKeptAside { locked.pointee.hedgeCount &-= 1 }
        hedge.locked.pointee.isKeptAside = false
    }
}

extension Transfer {
    /// Whether the transfer may be hedged: its request is read-only and was sent before `moment`, not a byte of the
    /// reply has come, and it has no hedge now and had none since `moment`.
    fileprivate func isSilent(since moment: MonotonicTime) -> Bool {
        exchange.content.pointee.endpoint.isReadOnly
            && locked.pointee.original == nil && locked.pointee.hedge == nil && !locked.pointee.isAbandoned
            && exchange.progress == .waiting
            && max(exchange.content.pointee.sentAt, locked.pointee.hedgeEndedAt) <= moment
    }
}
