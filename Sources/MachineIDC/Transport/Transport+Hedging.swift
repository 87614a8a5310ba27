internal import CCurl
internal import CPlatform

// Hedges: requests that are sent a second time, see `Hedging`. Only read-only requests are hedged: a first request that
// changes something might be carried out late, after what its caller does once the second has been answered. A hedge
// has a transfer of its own, which no caller knows, beside the transfer that the caller waits for (the original). When
// one of the two exchanges brings an answer, the other is cancelled; when one fails, the other continues alone. The
// caller does not notice any of this, because the exchange that counts is swapped into its transfer.
//
// A hedge that stays silent as well is replaced by another one, once.
//
// A hedge may also bring a reply without an answer: an overloaded authority refuses the second request, a portal
// redirects it, a stranger knows no such page. Any reply without HTTP 2xx is kept aside. It counts when the original
// fails, or stays silent for as long again.
extension Transport {
    /// Hedges the transfers that have been silent for too long, and ends those that have been silent for as long again
    /// after a reply that was kept aside. Called every now and then while transfers are running. Requires the lock.
    func startHedges(_ settings: borrowing Settings, at now: MonotonicTime) {
        guard locked.pointee.nextHedgeCheck <= now else { return }
        locked.pointee.nextHedgeCheck = now.advanced(milliseconds: locked.pointee.hedging.interval)
        var transfer = locked.pointee.running.first
        // Hedges that are added go to the end of the list, and are younger.
        while let current = transfer {
            transfer = current.links.next
            let endpoint = current.exchange.content.pointee.endpoint
            let before = now.before(nanoseconds: locked.pointee.hedging.patience(for: endpoint))
            guard let hedge = current.locked.pointee.hedge else {
                if locked.pointee.hedgeCount < Hedging.mostAtOnce, current.isSilent(since: before) {
                    startHedge(of: current, settings)
                }
                continue
            }
            if hedge.locked.pointee.isKeptAside {
                if current.locked.pointee.hedgeEndedAt <= before { deliver(adoptHedge(of: current)) }
            } else if hedge.exchange.isSilent(since: before), !current.locked.pointee.hedgeWasReplaced,
                locked.pointee.hedging.knowsUsualTime(of: endpoint)
            {
                startHedge(of: current, settings)
                // The hedge that was replaced may have been the next in the list.
                transfer = current.links.next
            }
        }
    }

    /// Hedges a transfer if there is credit, in place of the hedge that it has.
    @inline(never)
    private func startHedge(of transfer: Transfer, _ settings: borrowing Settings) {
        guard lookupWait() == 0, locked.pointee.hedging.spendCredit() else { return }
        let isReplaced = transfer.locked.pointee.hedge != nil
        cancelHedge(of: transfer)
        transfer.locked.pointee.hedgeWasReplaced = isReplaced
        hedge(transfer, settings, onNewConnection: isReplaced || !mayUseKeptConnection(transfer))
    }

    /// Whether the connections that libcurl keeps have carried answers since a transfer's request was sent, so that its
    /// hedge may use one.
    private func mayUseKeptConnection(_ transfer: Transfer) -> Bool {
        transfer.exchange.content.pointee.sentAt <= locked.pointee.keptConnectionsAreProvenSince
    }

    /// Sends a transfer's request a second time. Does nothing when memory is refused.
    private func hedge(_ transfer: Transfer, _ settings: borrowing Settings, onNewConnection: Bool) {
        guard let hedge = takePooledOrMake(settings) else { return }
        do throws(Failure) {
            try hedge.exchange.prepareLike(transfer.exchange, settings, onNewConnection: onNewConnection)
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
        countHedges(1)
        statistics.count(.hedges)
    }

    /// Adds to the number of running hedges. While there are some, libcurl keeps more connections, so that one that
    /// brought an answer is there for the next hedge, although all others are busy.
    private func countHedges(_ more: Int) {
        let hadSome = locked.pointee.hedgeCount > 0
        locked.pointee.hedgeCount &+= more
        if hadSome == (locked.pointee.hedgeCount > 0) { return }
        shared.pointee.multi.keep(locked.pointee.width &+ (hadSome ? 0 : Hedging.mostAtOnce))
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
            if transfer.exchange.hasPositiveAnswer {
                if !mayUseKeptConnection(original) { retireConnections(after: original) }
                locked.pointee.hedging.refundHedge()
                locked.pointee.nextHedgeCheck = .now
                return adoptHedge(of: original)
            }
            if hasReply {
                original.locked.pointee.hedgeEndedAt = .now
                transfer.locked.pointee.isKeptAside = true
                countHedges(-1)
                return nil
            }
            let code = transfer.exchange.content.pointee.code
            if transfer.exchange.lostKeptConnection(transfer.exchange.kind(of: code)) {
                // Another hedge is sent at once, on a new connection.
                locked.pointee.keptConnectionsAreProvenSince = .zero
                locked.pointee.hedging.refundHedge()
                locked.pointee.nextHedgeCheck = .now
            } else {
                // Another hedge may be sent after the same delay.
                original.locked.pointee.hedgeEndedAt = .now
            }
            returnHedge(of: original)
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

    /// Takes the connections out of use that have carried no request since this transfer's was sent, nor since those of
    /// the others that are silent for too long. What remains has carried an answer since then.
    @inline(never)
    private func retireConnections(after original: Transfer) {
        let content = original.exchange.content
        let before = MonotonicTime.now.before(
            nanoseconds: locked.pointee.hedging.patience(for: content.pointee.endpoint))
        var moment = content.pointee.sentAt
        locked.pointee.running.forEach { transfer in
            guard transfer.locked.pointee.original == nil, transfer.exchange.isSilent(since: before) else { return }
            moment = max(moment, transfer.exchange.content.pointee.sentAt)
        }
        shared.pointee.multi.sockets.retire(unusedSince: moment)
        locked.pointee.keptConnectionsAreProvenSince = moment
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
        if !hedge.locked.pointee.isKeptAside { countHedges(-1) }
        hedge.locked.pointee.isKeptAside = false
    }
}

extension Transfer {
    /// Whether the transfer may be hedged: its request is read-only and has been silent since `moment`, and it is no
    /// hedge and had none since `moment`.
    fileprivate func isSilent(since moment: MonotonicTime) -> Bool {
        exchange.content.pointee.endpoint.isReadOnly && exchange.isSilent(since: moment)
            && locked.pointee.original == nil && !locked.pointee.isAbandoned && locked.pointee.hedgeEndedAt <= moment
    }
}

extension Exchange {
    /// Whether the request was sent before `moment`, and not a byte of the reply has come.
    fileprivate func isSilent(since moment: MonotonicTime) -> Bool {
        progress == .waiting && content.pointee.sentAt <= moment
    }
}
