using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace MachineID
{
    // The methods for async code. Each is the method of the same name, on one of the client's own threads. When its
    // token is cancelled, the task is cancelled at once, and allows nothing; what has been asked is not taken back, so
    // a Register or Revoke may still be carried out. Cancel() ends the calls themselves.
    public sealed partial class Client
    {
        /// <summary>As <see cref="Validate"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up.</param>
        /// <returns>A task with the decision.</returns>
        public Task<Decision> ValidateAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Validate(deviceId), cancellationToken);

        /// <summary>As <see cref="Allows"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up.</param>
        /// <returns>A task with the answer.</returns>
        public Task<bool> AllowsAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Allows(deviceId), cancellationToken);

        /// <summary>As <see cref="Require"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up.</param>
        /// <returns>A task with the decision, which is true; it fails otherwise.</returns>
        public Task<Decision> RequireAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Require(deviceId), cancellationToken);

        /// <summary>As <see cref="ValidateMany"/>, for async code.</summary>
        /// <param name="deviceIds">The devices. They are read on another thread.</param>
        /// <param name="cancellationToken">Gives the call up.</param>
        /// <returns>A task with the decisions.</returns>
        public Task<Decisions> ValidateManyAsync(
            IEnumerable<string> deviceIds, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => ValidateMany(deviceIds), cancellationToken);

        /// <summary>As <see cref="Guard"/>, for async code. A guard that starts after the call was given up is stopped.
        /// </summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="options">How it works; null for the defaults.</param>
        /// <param name="cancellationToken">Gives the call up; the guard that was started goes on.</param>
        /// <returns>A task with the guard. Dispose it.</returns>
        public Task<Guard> GuardAsync(
            string deviceId,
            GuardOptions options = null,
            CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Guard(deviceId, options), cancellationToken, guard => guard.Dispose());

        /// <summary>As <see cref="Register"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up; the device may still be registered.</param>
        /// <returns>A task with the authority's reply.</returns>
        public Task<Reply> RegisterAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Register(deviceId), cancellationToken);

        /// <summary>As <see cref="Revoke"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up; the device may still be revoked.</param>
        /// <returns>A task with the authority's reply.</returns>
        public Task<Reply> RevokeAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Revoke(deviceId), cancellationToken);

        /// <summary>As <see cref="Unrevoke"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up; the revocation may still be taken back.</param>
        /// <returns>A task with the authority's reply.</returns>
        public Task<Reply> UnrevokeAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Unrevoke(deviceId), cancellationToken);

        /// <summary>As <see cref="Restore"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up; the revocation may still be taken back.</param>
        /// <returns>A task with the authority's reply.</returns>
        public Task<Reply> RestoreAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Restore(deviceId), cancellationToken);

        /// <summary>As <see cref="Remove"/>, for async code.</summary>
        /// <param name="deviceId">The device.</param>
        /// <param name="cancellationToken">Gives the call up; the device may still be removed.</param>
        /// <returns>A task with the authority's reply.</returns>
        public Task<Reply> RemoveAsync(
            string deviceId, CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(() => Remove(deviceId), cancellationToken);

        /// <summary>As <see cref="ListDevices"/>, for async code.</summary>
        /// <param name="cancellationToken">Gives the call up.</param>
        /// <returns>A task with the authority's reply.</returns>
        public Task<Reply> ListDevicesAsync(CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(ListDevices, cancellationToken);

        /// <summary>As <see cref="Usage"/>, for async code.</summary>
        /// <param name="cancellationToken">Gives the call up.</param>
        /// <returns>A task with the authority's reply.</returns>
        public Task<Reply> UsageAsync(CancellationToken cancellationToken = default(CancellationToken)) =>
            threads.Run(Usage, cancellationToken);
    }
}
